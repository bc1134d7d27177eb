"""The program ``ticketctl`` (also ``python -m ticketctl``)."""

# Built into Python, so that a Ctrl-C is handled almost at once.
import sys
from _signal import SIG_IGN, SIGINT, SIGTERM, getsignal, signal  # type: ignore[import-not-found]
from posix import _exit

for _number in (SIGINT, SIGTERM):
    if getsignal(_number) is not SIG_IGN:
        # For `mail in`, 75 makes the mail server try again; interrupts.py takes over as
        # soon as it is loaded.
        signal(
            _number,
            lambda number, _: _exit(
                75 if {"mail", "in"} <= {*sys.argv} else 128 + number
            ),
        )

# Nothing is imported from a file before this statement, not even __future__.
if __name__ == "__main__" and not sys.flags.safe_path:
    # python -m puts the working folder first, where a store may have modules.
    del sys.path[0]

from ticketctl import interrupts  # noqa: E402

interrupts.install()

import gc  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

gc.set_threshold(100_000)
"""Set before all other imports: with Python's 700, collecting garbage takes a tenth of
the time of a short command."""


def main() -> None:
    """Run the command line, and end the process with its exit status."""
    open_streams()
    try:
        from ticketctl.cli.main import run
    except (OSError, ImportError, MemoryError) as error:
        give_up(error)
    leave(run())


def give_up(error: Exception) -> "NoReturn":
    """Print why the program cannot be loaded (too many files are open, for example), and
    end it without loading more.

    Raises:
        ImportError: a module is missing.
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
    """Open the standard streams that the caller has closed.

    Else the next file that is opened, perhaps the index, has the number of one of them,
    and what git prints is written into it.
    """
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
    """End the process without freeing every object, which takes a sixth of the time of
    a short command.

    Exit handlers run first. Where a thread still runs, Python ends as usual.
    """
    import atexit
    import os
    from contextlib import suppress

    threading = sys.modules.get("threading")
    if threading is not None and threading.active_count() > 1:
        sys.exit(status)
    atexit._run_exitfuncs()
    # After a Ctrl-C perhaps nobody reads our output, and flushing it would block.
    for stream in () if interrupts.received() else (sys.stdout, sys.stderr):
        # The caller may have closed a stream; a full disk was reported already.
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
