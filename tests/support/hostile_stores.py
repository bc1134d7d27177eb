"""Stores such as a stranger could send: each builder plants one kind of trap in a
store.

A builder gets the store's folder, which is a clone or an unpacked archive, and a
*canary*: a file that must never come to be. ``PRIVATE`` beside the store must never be
opened.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from ticketctl.store.writing.journal import waiting_name

PRIVATE = "private"
Trap = Callable[[Path, Path], None]


def script(path: Path, canary: Path) -> None:
    """A program that makes the canary."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n: > {canary}\n")
    path.chmod(0o755)


def old_state(root: Path, canary: Path) -> None:
    """The state folder of the first version, with a journal, links and an index."""
    old = root / ".ticketctl"
    for name in ("tmp", "cache", "outbox"):
        (old / name).mkdir(parents=True)
    script(old / "tmp/x", canary)
    (old / "rescued").symlink_to("../.git/hooks")
    (old / "journal.jsonl").write_text(
        json.dumps(["x", "tickets/pre-commit", "0" * 64]) + "\n"
    )
    (old / "last-sweep").write_text("2099-01-01T00:00:00Z\n")
    with closing(sqlite3.connect(old / "index-9.db")) as connection:
        connection.execute("CREATE VIEW tickets AS SELECT 1")
    for path in (root.parent / PRIVATE).iterdir():
        (old / "outbox" / path.name).symlink_to(path)


def links(root: Path, canary: Path) -> None:
    """Links of files to what is private, in every folder."""
    private = root.parent / PRIVATE / "key"
    for name in (
        "dead-letters/261102-090000-0123456789abcdef.txt",
        "tickets/2026/11/02/261102-zzzzz.yaml",
        "profiles/mine.yaml",
        "profiles/biztech@7.yaml",
        "attachments/261102-aaaaa/e0-x.txt",
        "heartbeat",
        "tickets/index-1.new",
        ".ticketctl-journal.jsonl",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(private)


def folders(root: Path, canary: Path) -> None:
    """Links of folders to what is private."""
    private = root.parent / PRIVATE
    for name in (
        "dead-letters",
        "attachments",
        "tickets/2025",
        "tickets/2026/12",
        ".ticketctl",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(private)
    (root / ".ticketctl-0123456789abcdef").symlink_to(private)


def special_files(root: Path, canary: Path) -> None:
    """FIFOs, sockets and devices where files are read."""
    for number, name in enumerate(
        (
            "dead-letters/261102-090000-0123456789abcdef.txt",
            "tickets/2026/11/02/261102-zzzzz.yaml",
            "profiles/mine.yaml",
            ".ticketctl-journal.jsonl",
            "attachments/261102-aaaaa/e0-x.txt",
        )
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if number % 3 == 0:
            os.mkfifo(path)
        elif number % 3 == 1:
            here = os.getcwd()
            os.chdir(path.parent)
            with closing(socket.socket(socket.AF_UNIX)) as made:
                made.bind(path.name)
            os.chdir(here)
        else:
            with suppress(PermissionError):  # only root can make a device
                os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))


def modules(root: Path, canary: Path) -> None:
    """Python modules under the names of what we import."""
    text = f"open({str(canary)!r}, 'w').close()\n"
    for name in (
        "click",
        "ruamel",
        "tabulate",
        "dateutil",
        "sqlite3",
        "json",
        "re",
        "sitecustomize",
        "ticketctl",
    ):
        (root / f"{name}.py").write_text(text)
        (root / name).mkdir(exist_ok=True)
        (root / name / "__init__.py").write_text(text)


def programs(root: Path, canary: Path) -> None:
    """Programs under the names of what we, git and the shell call."""
    for name in (
        "git",
        "ticketctl",
        "sh",
        "sendmail",
        "vi",
        "less",
        "ssh",
        "gpg",
        "hooks/pre-commit",
        ".githooks/pre-commit",
    ):
        if not (root / name).exists():
            script(root / name, canary)


def attributes(root: Path, canary: Path) -> None:
    """Attributes and a configuration that would filter, diff and merge by programs."""
    script(root / "evil.sh", canary)
    (root / ".gitattributes").write_text(
        "* filter=evil diff=evil merge=evil\ntickets/** ident text eol=crlf working-tree-encoding=UTF-16\n"
    )
    (root / ".gitconfig").write_text(
        f'[filter "evil"]\n\tclean = {root}/evil.sh\n[core]\n\tfsmonitor = {root}/evil.sh\n'
    )
    (root / ".lfsconfig").write_text("[lfs]\n\turl = http://127.0.0.1:9/\n")
    (root / "tickets/.gitattributes").write_text("* filter=evil\n")
    (root / ".mailmap").write_text("x <x@evil.example> <amy@support.example>\n")


def submodules(root: Path, canary: Path) -> None:
    """A submodule that is not there, with a command to update it."""
    script(root / "evil.sh", canary)
    (root / ".gitmodules").write_text(
        '[submodule "tickets/2026/10"]\n\tpath = tickets/2026/10\n\turl = ../private\n'
        f"\tupdate = !{root}/evil.sh\n\tignore = none\n"
    )
    (root / "tickets/2026/10").mkdir(parents=True, exist_ok=True)


def repositories(root: Path, canary: Path) -> None:
    """What git takes for a bare repository, below the store."""
    for folder in (
        root / "tickets/2026/11",
        root / "profiles",
        root / "attachments",
        root / "x.git",
    ):
        for name in ("objects", "refs/heads"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        script(folder / "hooks/pre-commit", canary)
        (folder / "HEAD").write_text("ref: refs/heads/main\n")
        evil = folder / "hooks/pre-commit"
        (folder / "config").write_text(
            f"[core]\n\tbare = false\n\tworktree = .\n\tfsmonitor = {evil}\n\thooksPath = {folder}/hooks\n"
        )


def temporary_names(root: Path, canary: Path) -> None:
    """Links under the names that temporary files could be given."""
    private = root.parent / PRIVATE / "key"
    for number in range(1, 400):
        for name in (
            f"index-{number}.db",
            f".ticketctl-{number:016x}",
            f".last-sweep.{number}",
        ):
            with suppress(FileExistsError):
                (root / name).symlink_to(private)


def journal(root: Path, canary: Path) -> None:
    """A journal and what waits, as a killed command outside git leaves them."""
    folder = root / ".ticketctl-0123456789abcdef"
    folder.mkdir()
    script(folder / "x", canary)
    data = (folder / "x").read_bytes()
    (folder / "x").unlink()
    rows = [
        [
            "store",
            target,
            "store",
            folder.name,
            waiting_name("store", target),
            hashlib.sha256(data).hexdigest(),
            None,
        ]
        for target in (
            "tickets/2026/11/02/261102-yyyyy.yaml",
            "attachments/x/pre-commit",
            "../.git/hooks/pre-commit",
        )
    ]
    for row in rows:
        (folder / str(row[4])).write_bytes(data)
    (root / ".ticketctl-journal.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows)
    )


def settings(root: Path, canary: Path) -> None:
    """Settings that name servers, and an editor's."""
    text = (root / "ticketctl.yaml").read_text()
    (root / "ticketctl.yaml").write_text(
        text
        + "mail: {from: help@support.example, smtp: {host: mail.evil.example}, imap: {host: mail.evil.example}}\n"
    )
    (root / ".envrc").write_text(f": > {canary}\n")
    shutil.rmtree(root / ".vscode", ignore_errors=True)
    (root / ".vscode").mkdir()
    (root / ".vscode/settings.json").write_text("{}")


TRAPS: tuple[Trap, ...] = (
    old_state,
    links,
    folders,
    special_files,
    modules,
    programs,
    attributes,
    submodules,
    repositories,
    temporary_names,
    journal,
    settings,
)
