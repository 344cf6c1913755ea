"""One file per asset, named after its table."""
