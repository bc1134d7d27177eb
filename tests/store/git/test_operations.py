"""Writing while git is in the middle of an operation, or on no branch (D3, D5, D6).

Most tests observe the program from outside, by processes, so that they hold however it
works inside.
"""

from __future__ import annotations

import re
import shlex
from itertools import cycle, islice
from pathlib import Path

import pytest

from tests.support.busy_git import branches
from tests.support.campaign import FULL
from tests.support.processes import (
    ACTS,
    OPEN,
    READING,
    Act,
    Clone,
    difference,
    email,
    make_clone,
    none,
    snapshot,
    write,
)
from tests.support.repositories import git_as_amy, repository
from tests.support.shell import Ran
from ticketctl.errors import BusyError
from ticketctl.store.git import operations
from ticketctl.store.git.index_lock import IndexLock

RACES = pytest.mark.part("races-with-git")


LOOKING = {
    "move",
    "list",
    "show",
    "log",
    "next",
    "why",
    "forecast",
    "check",
    "index",
    "export",
    "doctor",
    "completion",
}
"""Commands that write nothing which git keeps (or, as move, stand in the other list
too)."""


# --- D3: git is in the middle of something ---


class Middle:
    """An operation of git that stops half-way.

    Args:
        name: as the message must call it.
        begin: git's commands.
        ends: what ends it, of which the message must name one.
        onward: what finishes it once conflicts are resolved.
    """

    def __init__(
        self, name: str, *begin: str, onward: str = "--continue", editor: str = "true"
    ) -> None:
        self.name, self.begin, self.editor = name, begin, editor
        self.back = "bisect reset" if name == "bisect" else f"{name} --abort"
        self.onward = self.back if name == "bisect" else f"{name} {onward}"

    def start(self, clone: Clone) -> None:
        """Begin it: it stops."""
        for line in self.begin:
            clone.git(*shlex.split(line), ok=False, GIT_SEQUENCE_EDITOR=self.editor)
        assert self.is_on(clone), f"{self.begin} did not stop: {clone.status()}"

    def is_on(self, clone: Clone) -> bool:
        """Whether it is still going on, as git sees it."""
        said = clone.git(
            "-c", "advice.statusHints=false", "--no-optional-locks", "status"
        ).out
        return (
            re.search(
                r"unmerged paths|still merging|in progress|You are currently|middle of",
                said,
                re.I,
            )
            is not None
        )

    def abort(self, clone: Clone) -> None:
        """Call it off."""
        clone.git(*self.back.split())

    def finish(self, clone: Clone) -> None:
        """Resolve what there is to resolve, with both sides' lines in tickets, and go
        on until it is over."""
        for turn in range(6):
            if not self.is_on(clone):
                return
            for path in clone.git("diff", "--name-only", "--diff-filter=U").out.split():
                text = f"resolved {turn}\n"
                if path.endswith(".yaml"):
                    lines = (clone.top / path).read_text().splitlines(keepends=True)
                    text = "".join(
                        line
                        for line in lines
                        if not re.match(r"(<{7}|={7}|>{7}|\|{7})", line)
                    )
                write(clone, path, text)
            if self.name == "am" and not clone.git("diff", "--name-only", "HEAD").out:
                write(
                    clone, "other.txt", f"resolved {turn}\n"
                )  # where it applies nothing, it leaves nothing to resolve
            clone.git("add", "-u")
            clone.git(*self.onward.split(), ok=False)
        assert not self.is_on(clone)


PATCH = "format-patch -q -o .git/patches start..theirs"


MIDDLES = {
    "merge": Middle("merge", "merge file"),
    "merge, ticket": Middle("merge", "merge theirs"),
    "merge --no-commit": Middle("merge", "merge --no-ff --no-commit clean"),
    "rebase": Middle("rebase", "rebase theirs"),
    "rebase --apply": Middle("rebase", "rebase --apply file"),
    "rebase, a break": Middle("rebase", "rebase -i HEAD~1", editor="sed -i 1ibreak"),
    "cherry-pick": Middle("cherry-pick", "cherry-pick theirs"),
    "cherry-pick, between two": Middle(
        "cherry-pick",
        "cherry-pick start..file",
        "checkout -q HEAD -- .",
        "commit -qnm picked --allow-empty",
    ),
    "revert": Middle("revert", "revert --no-edit HEAD~1"),
    "revert, between two": Middle(
        "revert",
        "revert --no-edit HEAD~1 HEAD",
        "checkout -q HEAD -- .",
        "commit -qnm reverted --allow-empty",
    ),
    "bisect": Middle("bisect", "bisect start", "bisect bad main", "bisect good start"),
    "am": Middle("am", PATCH, "am .git/patches/0001-theirs.patch"),
    "am --3way": Middle("am", PATCH, "am --3way .git/patches/0001-theirs.patch"),
}
"""Siblings included: nothing unmerged, HEAD on no branch, no ``CHERRY_PICK_HEAD`` any
more."""


def chosen(middle: str) -> dict[str, Act]:
    """The writing commands that are tried in an operation: all in some, in the others a
    few of them in turn."""
    if FULL or middle == "merge":
        return ACTS
    if middle == "merge, ticket":
        return {name: ACTS[name] for name in ("note", "batch", "sweep")}
    number = list(MIDDLES).index(middle)
    return {
        name: ACTS[name]
        for name in ["note", *islice(cycle(list(ACTS)[1:]), number, number + 1)]
    }


def told(ran: Ran, middle: Middle) -> str:
    """What is missing in a refusal: what is going on, and how it is finished."""
    if ran.status != 75:
        return f"status {ran.status}, not 75"
    if not re.search(rf"\b{middle.name}\b", ran.err):
        return f"does not say that a {middle.name} is going on: {ran.err!r}"
    wanted = [f"git {middle.back}"] + (
        [] if middle.name == "bisect" else [f"git {middle.onward}"]
    )
    missing = [
        line for line in wanted if not re.search(re.sub(" ", r"\\s+", line), ran.err)
    ]
    if (
        middle.name == "merge"
        and missing == ["git merge --continue"]
        and "git commit" in ran.err
    ):
        missing = []
    return f"does not say {missing}: {ran.err!r}" if missing else ""


def refused(
    clone: Clone, middle: Middle, acts: dict[str, Act], folder: Path
) -> list[str]:
    """Try commands in an operation; what is wrong with how they were refused."""
    wrong, before = [], snapshot(clone)
    for number, (name, act) in enumerate(acts.items()):
        here, was = clone, before
        if act.half:  # its ticket is edited by hand, which is there before
            here = clone.copy(folder / f"apart-{number}")
            act.prepare(here, f"mark {name}.")
            was = snapshot(here)
        ran = act.run(here, f"mark {name}.")
        after = snapshot(here)
        if said := told(ran, middle):
            wrong.append(f"{name}: {said}")
        if changed := difference(was, after):
            wrong.append(f"{name}: changed {changed}")
        if changed and here is clone:
            clone = fresh(clone, middle, folder / f"again-{number}")
            before = snapshot(clone)
    return wrong


def fresh(clone: Clone, middle: Middle, folder: Path) -> Clone:
    """The same operation begun anew elsewhere, where a command that should not have has
    written."""
    again = _PATTERNS[0].copy(folder)
    again.extra = clone.extra
    middle.start(again)
    return again


_PATTERNS: list[Clone] = []


@pytest.mark.parametrize("name", MIDDLES)
@RACES
def test_writing_is_refused_while_git_is_in_the_middle(
    name: str, clone_pattern: Clone, clone: Clone, tmp_path: Path
) -> None:
    """Status 75, what is going on and how it is finished; not a byte is changed,
    nothing staged, nothing committed. ``doctor`` tells it, too."""
    _PATTERNS[:] = [clone_pattern]
    middle = MIDDLES[name]
    middle.start(clone)
    doctor = clone.run("doctor")
    wrong = refused(clone, middle, chosen(name), tmp_path)
    if doctor.status != 1 or f"git {middle.back}" not in doctor.out + doctor.err:
        wrong.append(f"doctor does not tell: {doctor.status} {doctor.out[-200:]!r}")
    none(wrong)


@pytest.mark.parametrize("name", MIDDLES if FULL else ["merge", "bisect"])
@RACES
def test_reading_goes_on(name: str, clone: Clone) -> None:
    """What only looks works as ever, unless a ticket has conflict markers, and changes
    nothing."""
    MIDDLES[name].start(clone)
    broken = "<<<<<<<" in clone.tickets()
    before, wrong = snapshot(clone), []
    for words in READING if FULL or name == "merge" else READING[:2]:
        ran = clone.run(*words)
        if ran.status not in ((0, 65, 66, 1) if broken else (0,)):
            wrong.append(f"{words}: {ran}")
    assert "Ticket ccccc" in clone.run("show", "ccccc").out
    assert difference(before, snapshot(clone)) == ""
    none(wrong)


@pytest.mark.parametrize("way", ["abort", "finish"])
@pytest.mark.parametrize(
    "name", MIDDLES if FULL else ["merge --no-commit", "rebase", "am"]
)
@RACES
def test_nothing_that_was_reported_is_lost_when_it_is_over(
    name: str, way: str, clone: Clone
) -> None:
    """Whatever said 0 in between is in HEAD afterwards; an email that was not taken
    then is taken once at the retry."""
    middle = MIDDLES[name]
    middle.start(clone)
    done = []
    for act in ("reply", "mail in") if not FULL else list(ACTS):
        if ACTS[act].half:
            continue
        ran = ACTS[act].run(clone, f"mark {act}.")
        if ran.status == 0 and ACTS[act].inside:
            done.append(f"mark {act}.")
    (middle.abort if way == "abort" else middle.finish)(clone)
    if "mark mail in." not in done:
        assert clone.run("mail", "in", feed=email("mark mail in.")).status == 0
    clone.ok("mail", "in", feed=email("mark mail in."))
    clone.ok("note", "ccccc", "-m", "mark afterwards.")
    text = clone.tickets()
    lost = [
        mark
        for mark in [*done, "mark afterwards."]
        if mark not in clone.tickets_in_head() or mark not in text
    ]
    assert lost == [], f"reported as done during the {middle.name}, and gone"
    assert (
        len(re.findall("mark mail in\\.", text))
        == len(re.findall("mark mail in\\.", clone.tickets_in_head()))
        == 1
    )
    assert clone.status() == ""
    assert clone.run("check").status == 0


@RACES
def test_mail_in_says_75_until_the_email_can_stay(clone: Clone) -> None:
    """Each time that the MTA tries again; then the email is there once, and committed."""
    MIDDLES["merge"].start(clone)
    for _ in range(3):
        before = snapshot(clone)
        ran = clone.run("mail", "in", feed=email("Please help."))
        assert (ran.status, difference(before, snapshot(clone))) == (75, "")
    MIDDLES["merge"].abort(clone)
    for _ in range(2):
        clone.ok("mail", "in", feed=email("Please help."))
    assert (
        clone.tickets().count("Please help.")
        == clone.tickets_in_head().count("Please help.")
        == 1
    )


@RACES
def test_mail_send_sends_nothing_that_could_not_be_recorded(clone: Clone) -> None:
    """What is sent is recorded in tickets; called off with the merge, it would be sent
    again."""
    clone.ok("reply", "bbbbb", "-m", "For the customer.")
    MIDDLES["merge"].start(clone)
    before = snapshot(clone)
    ran = clone.run("mail", "send")
    assert (told(ran, MIDDLES["merge"]), difference(before, snapshot(clone))) == (
        "",
        "",
    )
    MIDDLES["merge"].abort(clone)
    clone.ok("mail", "send")
    assert (clone.home / "sent").read_text().count("For the customer.") == 1


@RACES
def test_a_store_that_does_not_commit(
    clone_pattern: Clone, clone: Clone, tmp_path: Path
) -> None:
    """``commit: off``: what is written would go with the merge all the same."""
    settings = clone.root / "ticketctl.yaml"
    settings.write_text(settings.read_text().replace("commit: auto", "commit: off"))
    clone.git("commit", "-qnam", "Off")
    MIDDLES["merge"].start(clone)
    _PATTERNS[:] = [clone.copy(tmp_path / "off")]
    MIDDLES["merge"].abort(_PATTERNS[0])
    acts = {
        name: ACTS[name]
        for name in (ACTS if FULL else ("note", "new", "sweep", "mail in", "import"))
    }
    none(refused(clone, MIDDLES["merge"], acts, tmp_path))


@RACES
def test_a_store_in_a_folder_of_the_repository(tmp_path: Path) -> None:
    """What is going on is found, where the store is not the top."""
    clone = branches(make_clone(tmp_path / "one/store", "desk/store"))
    _PATTERNS[:] = [clone.copy(tmp_path / "two")]
    for name in ("merge", "bisect"):
        MIDDLES[name].start(clone)
        acts = {act: ACTS[act] for act in ("note", "new", "sweep")}
        none(refused(clone, MIDDLES[name], acts, tmp_path / name))
        MIDDLES[name].abort(clone)
        clone.ok("note", "ccccc", "-m", f"After the {name}.")
    assert clone.status() == ""


@pytest.mark.parametrize("name", ["merge", "rebase", "bisect"])
@RACES
def test_another_work_tree_is_no_concern(name: str, clone: Clone) -> None:
    """Each linked work tree has its own operations: only where it is going on does it
    stop writing."""
    clone.git("worktree", "add", "-q", "-b", "linked", str(clone.top.parent / "linked"))
    linked = Clone(clone.top.parent / "linked")
    for busy, free in ((clone, linked), (linked, clone)):
        MIDDLES[name].start(busy)
        ran = busy.run("note", "ccccc", "-m", "Here.")
        assert told(ran, MIDDLES[name]) == ""
        free.ok("note", "ccccc", "-m", "There.")
        assert "There." in free.committed("ccccc")
        MIDDLES[name].abort(busy)
        busy.ok("note", "ddddd", "-m", "Again.")


@RACES
def test_every_command_is_tried_here(clone: Clone) -> None:
    """A command that is new must be put into one of the lists."""
    page = clone.ok("--help").out.partition("Commands:\n")[2].partition("\n\n")[0]
    found = set(re.findall(r"(?m)^  (\w+)  ", page))
    tried = {act.words[0] for act in ACTS.values()} | LOOKING
    assert found - tried == set(), "put it into ACTS or LOOKING"


# --- D3: HEAD is on no branch ---

_KEEP = re.compile(r"`?(git (?:branch|switch -c|checkout -b) [^`\n\"']+)")


def keeping(ran: Ran) -> list[str]:
    """The commands, as printed, that keep what is on no branch."""
    return [line.rstrip(" .;,)") for line in _KEEP.findall(ran.err)]


@pytest.mark.parametrize("name", ACTS if FULL else ["note", "mail in", "sweep"])
@RACES
def test_on_a_detached_head_it_warns_and_goes_on(name: str, clone: Clone) -> None:
    """Once for each command, with a command that keeps the commit; it works as printed."""
    if name == "init":
        pytest.skip("a store within a store commits nothing")
    clone.git("checkout", "-q", "--detach")
    before = clone.head()
    ran = ACTS[name].run(clone, "mark.")
    assert ran.status == 0 and clone.head() != before, ran
    assert not ACTS[name].inside or "mark." in clone.tickets_in_head()
    assert re.search(r"no branch|detached", ran.err, re.I), f"no warning: {ran.err!r}"
    (line,) = keeping(ran)
    made = clone.sh(line)
    assert made.status == 0, f"$ {line}: {made}"
    kept = clone.git("for-each-ref", "--contains", clone.head(), "refs/heads").out
    assert kept, f"after {line!r} the commit is on no branch"


@RACES
def test_reading_does_not_warn(clone: Clone) -> None:
    """Nothing is lost by reading; on a branch nobody is warned, nor in a store that
    does not commit."""
    assert keeping(clone.ok("note", "aaaaa", "-m", "On a branch.")) == []
    clone.git("checkout", "-q", "--detach")
    for words in (
        ("list",),
        ("show", "bbbbb"),
        ("sweep", "-n"),
        ("move", "-n", "aaaaa", "Solved"),
    ):
        assert not re.search("no branch|detached", clone.ok(*words).err, re.I)
    doctor = clone.run("doctor")
    assert re.search("no branch|detached", doctor.out + doctor.err, re.I), (
        "doctor does not tell"
    )


@RACES
def test_what_was_done_on_no_branch_comes_back(clone: Clone) -> None:
    """The warning's command, then a merge: everything is on main, and sound."""
    clone.git("checkout", "-q", "--detach")
    ran = [clone.ok("note", half, "-m", f"Note {half}.") for half in OPEN][-1]
    (line,) = keeping(ran)
    assert clone.sh(line).status == 0
    name = clone.git(
        "for-each-ref", "--contains", clone.head(), "--format=%(refname)", "refs/heads"
    ).out.split()[0]
    clone.git("switch", "-q", "main")
    clone.git("merge", "-q", name)
    assert all(f"Note {half}." in clone.committed(half) for half in OPEN)
    clone.ok("check")


@RACES
def test_before_the_first_commit(tmp_path: Path, clone: Clone) -> None:
    """A branch that is not born yet is a branch: no warning, and the first commit is
    made."""
    clone.git("checkout", "-q", "--orphan", "new")
    clone.git("rm", "-rq", "--cached", ".")
    ran = clone.ok("note", "aaaaa", "-m", "The first.")
    assert keeping(ran) == []
    assert "The first." in clone.committed("aaaaa")
    assert clone.git("symbolic-ref", "HEAD").out == "refs/heads/new\n"
    clone.ok("note", "aaaaa", "-m", "The second.")
    assert "The second." in clone.committed("aaaaa")


@pytest.mark.parametrize(
    "one",
    operations.OPERATIONS,
    ids=lambda one: f"{one.sign} {one.name}".replace("/", "-"),
)
def test_an_operation_of_git_in_progress_is_named(
    git_root: Path, lock: IndexLock, one: operations.Operation
) -> None:
    """With how to finish it and how to give it up; at the beginning, and again once git
    is locked out."""
    sign = git_root / ".git" / one.sign
    sign.parent.mkdir(exist_ok=True)
    sign.touch()
    if one.begins:
        assert operations.unfinished_operation(repository(git_root)) is None, (
            "an empty list, as git leaves it"
        )
        sign.write_bytes(one.begins + b"0123456 x\n")
    for ask in (lambda: operations.require_free(repository(git_root)), lock.acquire):
        with pytest.raises(
            BusyError, match=f"{one.name} is in progress in {git_root}"
        ) as told:
            ask()
        assert one.finish in told.value.hint
        assert one.abort in told.value.hint
    assert not (git_root / ".git/index.lock").exists()


def test_a_merge_in_another_work_tree_is_ignored(
    git_root: Path, tmp_path: Path
) -> None:
    """Each work tree has its own."""
    git_as_amy(git_root, "worktree", "add", "-q", str(tmp_path / "other"))
    (git_root / ".git/MERGE_HEAD").touch()
    operations.require_free(repository(tmp_path / "other"))
    (git_root / ".git/MERGE_HEAD").rename(git_root / ".git/worktrees/other/MERGE_HEAD")
    operations.require_free(repository(git_root))
    with pytest.raises(BusyError):
        operations.require_free(repository(tmp_path / "other"))


def test_locks_on_references_are_seen(
    git_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On HEAD and on its branch, be its name of several parts; not on another branch."""
    monkeypatch.setattr(operations, "WAIT", 0.05)
    git_as_amy(git_root, "checkout", "-q", "-b", "team/main")
    (git_root / ".git/refs/heads/main.lock").touch()
    operations.require_free(repository(git_root))
    for name in ("HEAD.lock", "refs/heads/team/main.lock"):
        (git_root / ".git" / name).touch()
        with pytest.raises(BusyError, match=name):
            operations.require_free(repository(git_root))
        (git_root / ".git" / name).unlink()
