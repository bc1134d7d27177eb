"""The least that a command could do, as scripts of their own: ``python floors.py
read|parse|sweep ...``.

They import nothing of ticketctl, and only what they need.
"""

from __future__ import annotations

import os
import sys


def read(folder: str) -> None:
    """Read all bytes of all files below a folder."""
    size = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(where, name), "rb", buffering=0) as file:
                size += len(file.read())
    print(size)


def parse(listed: str) -> None:
    """Parse the files that a file lists with ruamel.yaml's C scanner; prints the
    milliseconds, without the imports."""
    import time

    import _ruamel_yaml  # type: ignore[import-not-found]  # noqa: F401 - without it, it would be the slow one
    from ruamel.yaml import YAML

    with open(listed, encoding="utf-8") as file:
        paths = file.read().split()
    began = time.perf_counter()
    for path in paths:
        with open(path, "rb") as ticket:
            YAML(typ="safe", pure=False).load(ticket)
    print((time.perf_counter() - began) * 1000)


def sweep(listed: str) -> None:
    """Write the files that a file lists durably (beside, synced, renamed), and make one
    commit of them."""
    import subprocess

    with open(listed, encoding="utf-8") as file:
        paths = file.read().split()
    for path in paths:
        with open(path, "rb") as ticket:
            data = ticket.read()
        with open(path + ".new", "wb") as ticket:
            ticket.write(data + b"# swept\n")
            ticket.flush()
            os.fsync(ticket.fileno())
        os.rename(path + ".new", path)
    names = "".join(f"{path}\0" for path in paths).encode()
    git = ["git", "-c", "core.fsync=all"]  # as safe as what is measured beside it
    subprocess.run([*git, "update-index", "-z", "--stdin"], input=names, check=True)
    subprocess.run([*git, "commit", "-qm", "sweep"], check=True)


if __name__ == "__main__":
    {"read": read, "parse": parse, "sweep": sweep}[sys.argv[1]](sys.argv[2])
