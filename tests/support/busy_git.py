"""Clones in which git is in the middle of something, or locked."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from tests.support.processes import Clone, write


def branches(clone: Clone) -> Clone:
    """main changes a file and a ticket twice; ``theirs`` does so otherwise, ``file``
    the file alone, ``clean`` neither."""
    ticket = str(clone.ticket("aaaaa").relative_to(clone.top))
    text = clone.ticket("aaaaa").read_text()

    def commit(words: str, comment: bool) -> None:
        write(clone, "other.txt", f"{words}\n")
        if comment:
            write(clone, ticket, f"# {words}\n{text}")
        clone.git("commit", "-qam", words)

    clone.git("branch", "start")
    clone.git("switch", "-qc", "theirs")
    commit("theirs", True)
    clone.git("switch", "-qc", "file", "start")
    commit("their file", False)
    commit("their file again", False)
    clone.git("switch", "-qc", "clean", "start")
    write(clone, "more.txt", "more\n")
    clone.git("add", "-A")
    clone.git("commit", "-qm", "clean")
    clone.git("switch", "-q", "main")
    commit("ours", True)
    commit("ours again", True)
    assert clone.status() == ""
    return clone


_AGE = re.compile(
    r"\b\d+(\.\d+)? ?(s|sec|secs|seconds?|m|min|minutes?|h|hours?|d|days?)\b"
)


def leave(clone: Clone, lock: str, age: float = 3 * 3600) -> Path:
    """What a git that was killed leaves."""
    path = clone.dot / lock
    path.write_text("")
    os.utime(path, (time.time() - age,) * 2)
    return path


def named(said: str, lock: str) -> list[str]:
    """What is missing in a message about a lock."""
    missing = [] if lock in said else [f"the path of {lock}"]
    missing += [] if _AGE.search(said) else ["its age"]
    return missing + ([] if removal(said, lock) else [f"rm {lock}"])


def removal(said: str, lock: str) -> str:
    """The command, as printed, that removes a lock."""
    found = re.search(r"\brm (-\w+ |-- )*\S.*" + re.escape(lock) + r"['\"]?", said)
    return found[0] if found else ""
