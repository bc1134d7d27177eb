"""Ctrl-C and ``kill`` from the first line on: the process ends quietly, with status 130
or 143.

Imported before anything else (``__main__.py`` handles what comes even earlier), and so
it imports nothing but what is built into Python.

Before the command runs and after it has ended, a signal ends the process at once:
nothing is under way then. While it runs, the first signal raises ``KeyboardInterrupt``,
so that whatever is open is taken back; one more ends the process at once, which is as
safe as ``kill -9`` (store/writing/journal.py).
"""

import posix
import sys
from _signal import SIG_IGN, SIGINT, SIGTERM, getsignal, signal  # type: ignore[import-not-found]

_STATUS = {SIGINT: 130, SIGTERM: 143}
_BUSY = 75
"""What a mail server must be told, whatever ends ``mail in``: to try again."""
_pid = posix.getpid()
_state = {"running": False, "received": 0}


def install() -> None:
    """Handle SIGINT and SIGTERM from now on, unless the caller has them ignored
    (``nohup``)."""
    for number in _STATUS:
        if getsignal(number) is not SIG_IGN:
            signal(number, _handle)
    sys.unraisablehook = _unraisable


def running(is_running: bool) -> None:
    """Say that a command begins to run, or has ended."""
    _state["running"] = is_running


def received() -> int:
    """The exit status for the signal that was received; 0 if there was none."""
    return _STATUS.get(_state["received"], 0)


def _handle(number: int, frame: object) -> None:
    """End the process, or interrupt the command that runs.

    Raises:
        KeyboardInterrupt: a command runs, and this is the first signal.
    """
    if posix.getpid() != _pid:
        posix._exit(
            _STATUS[number]
        )  # a forked worker: its parent says what is to be said
    first = not _state["received"]
    _state["received"] = _state["received"] or number
    if _state["running"] and first:
        raise KeyboardInterrupt
    posix._exit(_hard())


def _hard() -> int:
    words = sys.argv[1:]
    is_mail_in = any(words[at : at + 2] == ["mail", "in"] for at in range(len(words)))
    return _BUSY if is_mail_in else received()


def _unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    """Python would print an interrupt that comes in a destructor, and go on."""
    if unraisable.exc_type is KeyboardInterrupt and received():
        posix._exit(_hard())
    sys.__unraisablehook__(unraisable)
