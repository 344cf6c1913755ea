"""How a model is run: one file per runtime, behind one small interface (see `interface`)."""
