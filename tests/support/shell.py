"""Commands as a user types them, run by real processes, and pages of commands with the
output that they must have.

A *page* is text with blocks of commands: lines that begin with ``$ `` are run by bash,
the lines below them are what must come out (stdout and stderr as a terminal mixes them;
``...`` alone on a line stands for any lines). Before a command, ``@ TIME [ROLE:WHO]``
sets the clock and who is acting; ``? N`` after the output is the exit status, if not 0.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

_WRAPPER = """#!{python}
# The real console script, with ids drawn in a fixed order.
import os
from pathlib import Path
count = Path(os.environ["HOME"]) / ".ids"
from ticketctl.store import paths
def random_char():
    number = int(count.read_text()) if count.exists() else 0
    count.write_text(str(number + 1))
    return paths.ALPHABET[(number * 7 + number // 5 * 11 + 3) % len(paths.ALPHABET)]
paths.random_char = random_char
from ticketctl.__main__ import main
main()
"""


def clean_environment(home: Path) -> dict[str, str]:
    """An environment that says nothing about this machine."""
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "dumb",
        "COLUMNS": "100",
        # Compiled once for all the processes of the tests, and not into the checkout.
        "PYTHONPYCACHEPREFIX": os.path.join(
            tempfile.gettempdir(), f"ticketctl-pycache-{os.getuid()}"
        ),
    }


@dataclass
class Ran:
    """What a command printed, and its exit status."""

    out: str
    status: int
    err: str = ""


@dataclass
class Shell:
    """A folder, a clock and a user; every command is a real process."""

    folder: Path
    now: str = "2026-11-02T09:00"
    as_: str = ""
    home: Path = field(init=False)

    def __post_init__(self) -> None:
        self.home = self.folder.parent / "home"
        bin_ = self.home / "bin"
        bin_.mkdir(parents=True, exist_ok=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("ticketctl", "git-ticketctl"):
            (bin_ / name).write_text(_WRAPPER.format(python=sys.executable))
            (bin_ / name).chmod(0o755)
        (self.home / ".gitconfig").write_text(
            "[user]\n\tname = Amy\n\temail = amy@support.example\n"
        )

    def environment(self) -> dict[str, str]:
        """What a command sees; git's clock is ours, so that commits are the same every
        time."""
        path = f"{self.home / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        time = {
            "TICKETCTL_NOW": self.now,
            "GIT_AUTHOR_DATE": f"{self.now}Z",
            "GIT_COMMITTER_DATE": f"{self.now}Z",
        }
        time = {
            key: re.sub(r"(T\d\d:\d\d)Z$", r"\1:00Z", value)
            for key, value in time.items()
        }
        who = {"TICKETCTL_AS": self.as_} if self.as_ else {}
        return {**clean_environment(self.home), "PATH": path, **time, **who}

    def run(self, command: str, feed: str | None = None) -> Ran:
        """Run a command line by bash; stdout and stderr as a terminal mixes them, and
        apart in ``err``."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment(),
            input=feed,
            stdin=None if feed is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        return Ran(done.stdout, done.returncode)

    def ok(self, command: str, feed: str | None = None) -> str:
        """Run a command that must succeed; its output."""
        ran = self.run(command, feed)
        assert ran.status == 0, f"$ {command}\n{ran.out}(exit {ran.status})"
        return ran.out

    def at(self, line: str) -> None:
        """``@ TIME [ROLE:WHO]``: set the clock and who is acting (``-``: nobody in
        particular)."""
        words = line.split()
        self.now = words[0]
        if len(words) > 1:
            self.as_ = "" if words[1] == "-" else words[1]

    def play(self, page: str, marks: str = "$@#") -> str:
        """Run every command of a page; the page as it really comes out. ``marks`` are
        the marks that mean something."""
        lines: list[str] = []
        prose = "|#$" if "#" in marks else ""
        steps = [
            step for step in re.split(rf"(?m)^(?=[{marks}] {prose})", page) if step
        ]
        for step in steps:
            head, _, rest = step.partition("\n")
            if head.startswith("$ "):
                while head.endswith("\\"):
                    more, _, rest = rest.partition("\n")
                    head += "\n" + more
                ran = self.run(head[2:])
                lines += (
                    [head, ran.out.rstrip("\n")] if ran.out.rstrip("\n") else [head]
                )
                if ran.status:
                    lines.append(f"? {ran.status}")
                # a blank line after a command's output belongs to the page
                lines += [""] * (len(step) - len(step.rstrip("\n")) - 1)
            else:
                if head.startswith("@ "):
                    self.at(head[2:])
                lines.append(step.rstrip("\n") if step.endswith("\n") else step)
                lines += [""] * (len(step) - len(step.rstrip("\n")) - 1)
        return "\n".join(lines).rstrip("\n") + "\n"


def agrees(expected: str, real: str) -> bool:
    """Whether a page came out as it says, ``...`` standing for any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line) + "\n"
        for line in expected.rstrip("\n").split("\n")
    )
    return re.fullmatch(pattern, real.rstrip("\n") + "\n") is not None
