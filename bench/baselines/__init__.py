"""The applications that the product is held against. They belong to the bench and are part of no service."""
