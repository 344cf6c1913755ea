"""One reader per shape, told apart by keys. `registry.py` lists them in the order in which they are asked."""
