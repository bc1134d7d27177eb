"""The program ``ticketctl`` (also ``python -m ticketctl``): a process around the command line, over as soon as it can be."""

# Nothing is imported before the next statement, not even __future__.
import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # python -m puts the working folder first, from where a store could bring modules.
    del sys.path[0]

import gc

gc.set_threshold(100_000)
"""Before anything else is imported: at Python's 700, looking for circles costs a tenth of a short command."""


def main() -> None:
    """Run the command line, and end the process with its exit status."""
    open_streams()
    from ticketctl.cli.main import run

    leave(run())


def open_streams() -> None:
    """Give a process the standard streams that its caller has closed: else the next file opened, which may be the index,
    would have the number of one, and take what git is told to print."""
    import os

    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # takes the lowest number that is free
            stream = open(number, "w" if number else "r", encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as we
            setattr(sys, name, stream)


def leave(status: int) -> None:
    """End the process without taking the interpreter down object by object, which costs a sixth of a short command.

    What is registered for the end is done before. Where a thread is still at work, the end is Python's own.
    """
    import atexit
    import os
    import threading
    from contextlib import suppress

    if threading.active_count() > 1:
        sys.exit(status)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        # A stream may have been closed by who called us; that it is full was said already.
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
