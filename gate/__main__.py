"""`gate` and `python -m gate`."""

from __future__ import annotations

import gc
import sys

from gate.cli import run


def main() -> None:
    """Run the command line and leave with its exit code."""
    code = run(sys.argv[1:])
    gc.freeze()  # the process ends: searching all that a run has left for cycles takes 50 ms
    sys.exit(code)


if __name__ == "__main__":
    main()
