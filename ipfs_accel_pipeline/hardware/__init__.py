"""Which endpoints does this machine have? One file per way of asking; `detect` asks them all."""
