"""Fixtures that test modules of several folders use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.addresses import AMY, JANE
from tests.support.busy_git import branches
from tests.support.calendars import DESK
from tests.support.emails import A
from tests.support.mail_server import Office, Shop, open_shop, smtp_server
from tests.support.merged_emails import NINE, SETTINGS, Clones, EmailClone, _name
from tests.support.merges import MergedClone
from tests.support.places import ROOT
from tests.support.processes import Clone, make_clone
from tests.support.shell import clean_environment
from tests.support.state import make_repository
from tests.support.stores import make_store, make_tickets


@pytest.fixture(scope="session")
def clone_pattern(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The store of which each test gets a copy: branches that conflict with main, in
    another file and in a ticket."""
    clone = make_clone(tmp_path_factory.mktemp("pattern") / "store")
    return branches(clone)


@pytest.fixture
def clone(clone_pattern: Clone, tmp_path: Path) -> Clone:
    """A store in which two are at work; the newest commit of main is theirs."""
    return clone_pattern.copy(tmp_path / "copy")


@pytest.fixture(scope="module")
def mail_server() -> Iterator[tuple[int, Office]]:
    """Run an SMTP server; yield its port and what it keeps."""
    with smtp_server() as running:
        yield running


@pytest.fixture
def mail_workspace(tmp_path: Path, mail_server: tuple[int, Office]) -> Shop:
    """A biztech store with a ticket of Jane's, ``aaaaa``, that Amy works on."""
    mail_server[1].taken.clear()
    shop = open_shop(tmp_path / "store", "biztech", "agent", *mail_server)
    shop.run(
        "new",
        "Invoice",
        "-c",
        JANE,
        "-a",
        AMY,
        "--id",
        "261102-aaaaa",
        now="2026-11-02T09:00",
        as_="agent:" + AMY,
    )
    return shop


@pytest.fixture
def clones(tmp_path: Path) -> tuple[MergedClone, MergedClone]:
    """Two clones of a store with one Solved ticket; both are set up to merge."""
    (Path(os.environ["HOME"]) / ".gitconfig").write_text(
        "[user]\n name = Amy\n email = amy@support.example\n"
    )
    one = MergedClone(tmp_path / "one")
    one.folder.mkdir()
    one.run("ticketctl", "init", "-p", "biztech")
    one.run(
        "ticketctl",
        "new",
        "Invoice",
        "-c",
        "jane@customer.example",
        "-a",
        "amy@support.example",
        "--id",
        "261102-k3qx9",
    )
    one.run("ticketctl", "move", "k3qx9", "Solved", "--reply", "Done.")
    one.run("git", "clone", "-q", ".", str(tmp_path / "two"))
    two = MergedClone(tmp_path / "two")
    for key in ("name", "driver"):
        two.run(
            "git",
            "config",
            f"merge.ticketctl.{key}",
            one.run("git", "config", f"merge.ticketctl.{key}").strip(),
        )
    return one, two


@pytest.fixture(scope="module")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sample store."""
    root = tmp_path_factory.mktemp("samples") / "store"
    shutil.copytree(ROOT / "tickets", root / "tickets")
    make_repository(
        root
    )  # each test has a home of its own, in which it would have no index
    shutil.copy(ROOT / "ticketctl.yaml", root)
    return root


@pytest.fixture
def hours_workspace(tmp_path: Path) -> Path:
    """Make a store whose profile counts in working hours."""
    root = make_store(
        tmp_path / "store",
        "commit: off\ntimezone: Europe/London\nholidays: [2026-12-28]\n",
        "desk",
    )
    (root / "profiles").mkdir()
    (root / "profiles/desk.yaml").write_text(DESK)
    return root


@pytest.fixture(scope="module")
def email_clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clones of a store with one open ticket, to be copied: to make them takes a
    second."""
    folder = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in clean_environment(folder).items():
            patch.setenv(name, value)
        one, two = EmailClone(folder / "one"), EmailClone(folder / "two")
        one.root.mkdir()
        one.git("init", "-q", "-b", "main")
        _name(one)
        one.do("init", str(one.root), "-p", "biztech", at=NINE)
        (one.root / "ticketctl.yaml").write_text(
            f"profile: biztech\ncommit: auto\n{SETTINGS}"
        )
        one.git("add", ".")
        one.git("commit", "-qm", "A store")
        make_tickets(one.root, "aaaaa")
        one.do("move", A, "Open", "-a", AMY, at="2026-11-02T10:00:00Z")
        assert not one.git("status", "--porcelain")
        one.git("clone", "-q", ".", str(two.root))
        _name(two)
        two.do("init", str(two.root), at=NINE)
    return folder


@pytest.fixture
def email_clones(email_clone: Path, tmp_path: Path) -> Clones:
    """Two clones of a store with one open ticket."""
    for name in ("one", "two"):
        shutil.copytree(email_clone / name, tmp_path / name, symlinks=True)
    return EmailClone(tmp_path / "one"), EmailClone(tmp_path / "two")
