"""`python -m ipfs_accel_pipeline` is the command `ipfs-accel`."""

from ipfs_accel_pipeline.cli import main

if __name__ == "__main__":
    main()
