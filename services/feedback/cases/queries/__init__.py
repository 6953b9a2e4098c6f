"""Reading cases: who may see which (`access`), one of them (`reading`), many of them (`listing`)."""
