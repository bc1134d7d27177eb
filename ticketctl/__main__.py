"""The program ``ticketctl`` (also ``python -m ticketctl``): a process around the
command line, over as soon as it can be."""

# Built into Python, so that next to no time passes before a Ctrl-C ends us quietly.
import sys
from _signal import SIG_IGN, SIGINT, SIGTERM, getsignal, signal  # type: ignore[import-not-found]
from posix import _exit

for _number in (SIGINT, SIGTERM):
    if getsignal(_number) is not SIG_IGN:
        # A mail server is told to try again (interrupts.py, which takes over as soon as
        # it is loaded).
        signal(
            _number,
            lambda number, _: _exit(
                75 if {"mail", "in"} <= {*sys.argv} else 128 + number
            ),
        )

# Nothing is imported from a file before this statement, not even __future__.
if __name__ == "__main__" and not sys.flags.safe_path:
    # python -m puts the working folder first, from where a store could bring modules.
    del sys.path[0]

from ticketctl import interrupts  # noqa: E402

interrupts.install()

import gc  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

gc.set_threshold(100_000)
"""Before anything else is imported: at Python's 700, looking for circles costs a tenth
of a short command."""


def main() -> None:
    """Run the command line, and end the process with its exit status."""
    open_streams()
    try:
        from ticketctl.cli.main import run
    except (OSError, ImportError, MemoryError) as error:
        give_up(error)
    leave(run())


def give_up(error: Exception) -> "NoReturn":
    """Say why the program cannot be loaded (too many files are open, say), and end it
    with nothing more loaded.

    Raises:
        ImportError: a part of it is missing.
    """
    import os

    if type(error) is ModuleNotFoundError or (
        isinstance(error, OSError) and error.errno is None
    ):
        raise error
    words = (
        f"cannot read {error.filename}: {error.strerror}"
        if isinstance(error, OSError)
        else str(error)
    )
    try:
        os.write(
            2,
            f"error: {words or 'there is not enough memory'}\n".encode(
                errors="backslashreplace"
            ),
        )
    finally:
        os._exit(71)


def open_streams() -> None:
    """Give a process the standard streams that its caller has closed: else the next
    file opened, which may be the index, would have the number of one, and take what git
    is told to print."""
    import os

    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            # The lowest number that is free is that of the stream.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
            # Open as long as the process.
            stream = open(  # noqa: SIM115
                number, "w" if number else "r", encoding="utf-8", closefd=False
            )
            setattr(sys, name, stream)


def leave(status: int) -> None:
    """End the process without taking the interpreter down object by object, which costs
    a sixth of a short command.

    What is registered for the end is done before. Where a thread is still at work, the
    end is Python's own.
    """
    import atexit
    import os
    from contextlib import suppress

    threading = sys.modules.get("threading")
    if threading is not None and threading.active_count() > 1:
        sys.exit(status)
    atexit._run_exitfuncs()
    # After a Ctrl-C nobody may read us any more, and what is left would wait for that.
    for stream in () if interrupts.received() else (sys.stdout, sys.stderr):
        # A stream may have been closed by who called us; that it is full was said
        # already.
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
