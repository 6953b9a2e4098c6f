"""Reading research: who may see which (`access`), as those see it who do it (`reading`), as everybody sees it (`register`)."""
