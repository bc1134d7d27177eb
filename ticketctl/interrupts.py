"""Signals: Ctrl-C and ``kill`` end the process quietly, with status 130 or 143.

This module is imported before all others (``__main__.py`` handles signals until then),
so it imports only what is built into Python.

Before the command runs and after it has ended, a signal ends the process at once. While
it runs, the first signal raises ``KeyboardInterrupt``, so that what is open is undone;
another one ends the process at once, which is as safe as ``kill -9``
(store/writing/journal.py).
"""

import posix
import sys
from _signal import SIG_IGN, SIGINT, SIGTERM, getsignal, signal  # type: ignore[import-not-found]

_STATUS = {SIGINT: 130, SIGTERM: 143}
_BUSY = 75
"""The status that makes a mail server try again, whatever ends ``mail in``."""
_pid = posix.getpid()
_state = {"running": False, "received": 0}


def install() -> None:
    """Handle SIGINT and SIGTERM from now on, unless the caller ignores them
    (``nohup``)."""
    for number in _STATUS:
        if getsignal(number) is not SIG_IGN:
            signal(number, _handle)
    sys.unraisablehook = _unraisable


def running(is_running: bool) -> None:
    """Note whether a command runs, or has ended."""
    _state["running"] = is_running


def received() -> int:
    """Return the exit status for the signal that was received; 0 if there was none."""
    return _STATUS.get(_state["received"], 0)


def _handle(number: int, frame: object) -> None:
    """End the process, or interrupt the command that runs.

    Raises:
        KeyboardInterrupt: a command runs, and this is the first signal.
    """
    if posix.getpid() != _pid:
        posix._exit(_STATUS[number])  # a forked worker: its parent prints the message
    first = not _state["received"]
    _state["received"] = _state["received"] or number
    if _state["running"] and first:
        raise KeyboardInterrupt
    posix._exit(_hard())


def _hard() -> int:
    """Return the status of a process that a signal ends at once."""
    words = sys.argv[1:]
    is_mail_in = any(words[at : at + 2] == ["mail", "in"] for at in range(len(words)))
    return _BUSY if is_mail_in else received()


def _unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    """End the process if it is interrupted in a destructor: Python would print that,
    and go on."""
    if unraisable.exc_type is KeyboardInterrupt and received():
        posix._exit(_hard())
    sys.__unraisablehook__(unraisable)
