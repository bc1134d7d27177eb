"""Tests of ``ticketctl.app.unfinished_commits``."""

from __future__ import annotations

import re

import pytest

from tests.support.busy_git import leave, named
from tests.support.campaign import FULL
from tests.support.processes import (
    ACTS,
    AMY,
    BOB,
    CAROL,
    READING,
    SOLVED,
    Clone,
    email,
    until,
    write,
)
from tests.support.shell import Ran

# --- D6: written, and not committed ---


@pytest.fixture
def left(clone: Clone) -> Clone:
    """A store in which git knows nobody, so that commits are by who acts."""
    clone.knows = False
    return clone


_GITS = re.compile(rb"\Z|DIRC|ref: |[0-9a-f]{40}\n|[0-9a-f]{64}\n")


def clear(clone: Clone) -> None:
    """Remove the locks of a git that was killed, as a person does who is told; those of
    ours are ours to remove."""
    for lock in clone.locks():
        if _GITS.match((clone.dot / lock).read_bytes()):
            (clone.dot / lock).unlink()


def unlock(clone: Clone) -> None:
    """Remove our own lock as well, as git tells a person who comes before the next
    command of ours."""
    (clone.dot / "index.lock").unlink(missing_ok=True)


def interrupted(
    clone: Clone,
    *words: str,
    half: str,
    as_: str = AMY,
    act: str = "kill",
    feed: bytes = b"",
) -> Ran:
    """Stop a command between its writing of a ticket and its commit.

    Args:
        act: ``kill`` all its processes, or put a ``lock`` where the branch is, which
            must then be removed.
    """
    for _ in range(10):
        before, head = (
            clone.ticket(half).read_bytes() if clone.ticket(half).exists() else b"",
            clone.head(),
        )
        clone.slow = 0.05
        command = clone.start(*words, as_=as_, feed=feed)
        clone.slow = 0
        path = clone.ticket(half)
        if until(
            lambda path=path, before=before: (
                path.exists() and path.read_bytes() != before
            ),
            command,
        ):
            if act == "lock":
                leave(clone, "refs/heads/main.lock", 0)
                ran = command.wait()
            else:
                ran = command.kill()
            if clone.head() == head:
                if act == "kill":
                    clear(clone)
                return ran
            (clone.dot / "refs/heads/main.lock").unlink(missing_ok=True)
        else:
            command.wait()
    pytest.fail(f"{words} was never seen between writing {half} and its commit")


@pytest.mark.part("races-with-git")
@pytest.mark.parametrize(
    "name",
    [n for n in ACTS if n not in ("init", "profile holidays")]
    if FULL
    else ["note", "new", "sweep", "mail in"],
)
def test_the_next_command_that_writes_commits_what_was_left(
    name: str, left: Clone
) -> None:
    """Whichever it is: first what was left, by its author, then its own."""
    half = "bbbbb" if name != "move" else "ccccc"
    interrupted(left, "note", half, "-m", "Left behind.", half=half, as_=BOB)
    head = left.head()
    ran = ACTS[name].run(left, "mark.", as_=CAROL)
    assert ran.status == 0, ran
    assert "Left behind." in left.committed(half)
    commits = left.git("rev-list", "--reverse", f"{head}..HEAD").out.split()
    first = commits[0]
    assert left.changed_by(first) == [left.path(half)], (
        "something else is in the commit of what was left"
    )
    assert (
        left.git("log", "-1", "--format=%ae", first).out.strip()
        == "bob@support.example"
    )
    assert len(commits) > 1
    assert "bob@support.example" not in left.authors(len(commits) - 1)
    assert left.status() == ""
    assert not ACTS[name].inside or "mark." in left.tickets_in_head()


@pytest.mark.part("races-with-git")
def test_reading_commits_nothing(left: Clone) -> None:
    """Reading never writes, not even what was left."""
    interrupted(left, "note", "bbbbb", "-m", "Left behind.", half="bbbbb")
    head = left.head()
    for words in READING[:6]:
        left.run(*words)
    assert left.head() == head
    assert "Left behind." not in left.committed("bbbbb")
    left.ok("note", "aaaaa", "-m", "Next.")
    assert "Left behind." in left.committed("bbbbb")


@pytest.mark.part("races-with-git")
def test_a_ticket_that_a_person_had_commented(left: Clone) -> None:
    """A comment that is in HEAD already makes what the tool wrote afterwards nobody
    else's."""
    assert left.committed("aaaaa").startswith("# ours again\n")
    interrupted(left, "note", "aaaaa", "-m", "Left behind.", half="aaaaa")
    left.ok("note", "ccccc", "-m", "Next.")
    assert "Left behind." in left.committed("aaaaa")
    assert left.committed("aaaaa").startswith("# ours again\n")
    assert left.status() == ""


@pytest.mark.part("races-with-git")
def test_where_git_knows_who_commits(clone: Clone) -> None:
    """The author of what was left is who did it, or whom git names for this clone."""
    interrupted(clone, "note", "bbbbb", "-m", "Left behind.", half="bbbbb", as_=AMY)
    clone.ok("note", "aaaaa", "-m", "Next.", as_=BOB)
    assert (
        clone.git("log", "-1", "--format=%an %ae", "--", clone.path("bbbbb")).out
        == "Amy amy@support.example\n"
    )


@pytest.mark.part("races-with-git")
def test_a_sweep_that_was_killed(left: Clone) -> None:
    """What it had written is committed as the sweep's by the next command, and it is
    done once."""
    interrupted(left, "sweep", half=SOLVED[-1])
    left.ok("note", "bbbbb", "-m", "Next.", as_=BOB)
    assert left.authors(2)[0] == "bob@support.example"
    left.ok("sweep")
    assert left.status() == ""
    for half in SOLVED:
        assert left.committed(half).count("to: Closed") == 1
        author = left.git(
            "log", "-1", "--format=%ae", "--", left.path(half)
        ).out.strip()
        assert author == "sweep@localhost"


@pytest.mark.part("races-with-git")
def test_an_email_whose_command_was_killed(left: Clone) -> None:
    """The MTA tries again: the email is on its ticket once, and committed."""
    feed = email("From the customer.", "Re: [261102-bbbbb] Ticket bbbbb")
    interrupted(left, "mail", "in", half="bbbbb", feed=feed)
    left.ok("mail", "in", feed=feed)
    assert left.ticket("bbbbb").read_text().count("From the customer.") == 1
    assert left.committed("bbbbb").count("From the customer.") == 1
    assert left.status() == ""


@pytest.mark.part("races-with-git")
def test_what_people_did_by_hand_is_left_alone(left: Clone) -> None:
    """Hand edits of tickets and files stay uncommitted, what is staged stays staged."""
    interrupted(left, "note", "bbbbb", "-m", "Left behind.", half="bbbbb")
    unlock(left)
    edited = left.ticket("aaaaa")
    edited.write_text(f"# By hand.\n{edited.read_text()}")
    write(left, "other.txt", "by hand\n")
    write(left, "staged.txt", "staged\n")
    left.git("add", "staged.txt")
    left.ok("note", "ccccc", "-m", "Next.")
    assert "Left behind." in left.committed("bbbbb")
    assert "Next." in left.committed("ccccc")
    assert sorted(left.status().splitlines()) == [
        " M other.txt",
        f" M {left.path('aaaaa')}",
        "A  staged.txt",
    ]
    assert edited.read_text().startswith("# By hand.\n")
    assert "By hand" not in left.committed("aaaaa")


@pytest.mark.part("races-with-git")
@pytest.mark.parametrize("how", ["comment", "title"])
def test_a_ticket_that_was_edited_by_hand_after_it_was_left(
    how: str, left: Clone
) -> None:
    """It is nobody's to commit: the command goes on and says why it was left out."""
    interrupted(left, "note", "bbbbb", "-m", "Left behind.", half="bbbbb")
    path = left.ticket("bbbbb")
    text = path.read_text()
    text = (
        text + "# By hand.\n"
        if how == "comment"
        else text.replace("title: Ticket", "title: By hand", 1)
    )
    path.write_text(text)
    ran = left.run("note", "ccccc", "-m", "Next.")
    assert "Next." in left.committed("ccccc"), ran
    assert path.read_text() == text
    assert "By hand" not in left.committed("bbbbb")
    assert "bbbbb" in ran.err, (
        f"does not say that bbbbb is not committed, and why: {ran.err!r}"
    )


@pytest.mark.part("races-with-git")
def test_a_person_who_committed_first(left: Clone) -> None:
    """Where a person has committed what was left, there is nothing more to do."""
    interrupted(left, "note", "bbbbb", "-m", "Left behind.", half="bbbbb")
    unlock(left)
    left.git("commit", "-qnam", "By a person")
    head = left.head()
    left.ok("note", "ccccc", "-m", "Next.")
    assert left.git("rev-list", "--count", f"{head}..HEAD").out == "1\n"
    assert left.status() == ""


@pytest.mark.part("races-with-git")
def test_commits_that_failed_for_two_people(left: Clone) -> None:
    """Says so where it happens; later each gets a commit of theirs, before that of who
    comes next."""
    ran = interrupted(
        left, "note", "bbbbb", "-m", "By Amy.", half="bbbbb", as_=AMY, act="lock"
    )
    assert ran.status in (71, 75) and "written, but not committed" in ran.err, ran
    assert "refs/heads/main.lock" in ran.err
    second = left.run("note", "aaaaa", "-m", "By Bob.", as_=BOB)
    assert second.status in (71, 75)
    is_written = "By Bob." in left.ticket("aaaaa").read_text()
    assert is_written == ("not committed" in second.err)
    (left.dot / "refs/heads/main.lock").unlink()
    left.ok("note", "ccccc", "-m", "By Carol.", as_=CAROL)
    assert left.status() == ""
    assert left.git("fsck", "--strict", "--no-dangling").out == ""
    for half, who in (
        ("bbbbb", "amy"),
        *([("aaaaa", "bob")] if is_written else []),
        ("ccccc", "carol"),
    ):
        line = left.git("log", "--format=%ae", "-1", "--", left.path(half)).out.strip()
        assert line == f"{who}@support.example", half
    assert left.authors(1) == ["carol@support.example"]


@pytest.mark.part("races-with-git")
@pytest.mark.parametrize("words", [("sweep",), ("mail", "send")], ids=" ".join)
def test_nothing_is_due_but_something_waits_to_be_committed(
    words: tuple[str, ...], left: Clone
) -> None:
    """75 and the reason, as long as it cannot be; then it is committed, and 0."""
    left.ok("sweep")
    left.ok("mail", "send")
    interrupted(left, "note", "bbbbb", "-m", "Left behind.", half="bbbbb", as_=BOB)
    path = leave(left, "refs/heads/main.lock")
    ran = left.run(*words)
    assert ran.status == 75 and "commit" in ran.err, ran
    assert named(ran.err, "refs/heads/main.lock") == []
    doctor = left.run("doctor")
    assert doctor.status == 75
    assert "commit" in doctor.out + doctor.err
    path.unlink()
    left.ok(*words)
    assert "Left behind." in left.committed("bbbbb")
    assert left.status() == ""
    assert left.authors(1) == ["bob@support.example"]
