"""The command `ipfs-accel`. Each command is one call into the layers below; here is only what a terminal needs."""

from ipfs_accel_pipeline.cli.commands import main

__all__ = ["main"]
