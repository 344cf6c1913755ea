"""The command `ipfs-accel`, and `python -m ipfs_accel_pipeline`: how it ends while its parts are still being imported.

That takes a second or more, and Ctrl-C does not wait for it.
"""

import sys

from ipfs_accel_pipeline.errors import missing_library

_WRONG_USE, _STOPPED = 2, 130  # as in cli.errors, which is among what is not imported yet


def main() -> None:
    try:
        from ipfs_accel_pipeline.cli import main as command

        command()
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.exit(_STOPPED)
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] == __package__:  # our own: a defect, which keeps its traceback
            raise
        print(f"Error: {missing_library(error)}", file=sys.stderr)
        sys.exit(_WRONG_USE)


if __name__ == "__main__":
    main()
