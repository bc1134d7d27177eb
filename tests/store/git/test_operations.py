"""Writing where git is in the middle of something, on no branch, locked, or behind the
files (D3, D5, D6).

Everything is looked at from outside, by processes, so that it holds however the program
does it.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

import pytest

from tests.support.campaign import FULL
from tests.support.processes import (
    ACTS,
    AMY,
    BOB,
    CAROL,
    OPEN,
    READING,
    SOLVED,
    Act,
    Clone,
    difference,
    email,
    make_store,
    none,
    snapshot,
    until,
    write,
)
from tests.support.shell import Ran

pytestmark = pytest.mark.part("races-with-git")

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


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The store of which each test gets a copy: branches that conflict with main, in
    another file and in a ticket."""
    clone = make_store(tmp_path_factory.mktemp("pattern") / "store")
    return branches(clone)


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
    clone.git("switch", "-qc", "theirs"), commit("theirs", True)
    (
        clone.git("switch", "-qc", "file", "start"),
        commit("their file", False),
        commit("their file again", False),
    )
    clone.git("switch", "-qc", "clean", "start"), write(clone, "more.txt", "more\n")
    clone.git("add", "-A"), clone.git("commit", "-qm", "clean")
    clone.git("switch", "-q", "main"), commit("ours", True), commit("ours again", True)
    assert clone.status() == ""
    return clone


@pytest.fixture
def clone(pattern: Clone, tmp_path: Path) -> Clone:
    """A store in which two are at work; the newest commit of main is theirs."""
    return pattern.copy(tmp_path / "copy")


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
def test_writing_is_refused_while_git_is_in_the_middle(
    name: str, pattern: Clone, clone: Clone, tmp_path: Path
) -> None:
    """Status 75, what is going on and how it is finished; not a byte is changed,
    nothing staged, nothing committed. ``doctor`` tells it, too."""
    _PATTERNS[:] = [pattern]
    middle = MIDDLES[name]
    middle.start(clone)
    doctor = clone.run("doctor")
    wrong = refused(clone, middle, chosen(name), tmp_path)
    if doctor.status != 1 or f"git {middle.back}" not in doctor.out + doctor.err:
        wrong.append(f"doctor does not tell: {doctor.status} {doctor.out[-200:]!r}")
    none(wrong)


@pytest.mark.parametrize("name", MIDDLES if FULL else ["merge", "bisect"])
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


def test_a_store_that_does_not_commit(
    pattern: Clone, clone: Clone, tmp_path: Path
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


def test_a_store_in_a_folder_of_the_repository(tmp_path: Path) -> None:
    """What is going on is found, where the store is not the top."""
    clone = branches(make_store(tmp_path / "one/store", "desk/store"))
    _PATTERNS[:] = [clone.copy(tmp_path / "two")]
    for name in ("merge", "bisect"):
        MIDDLES[name].start(clone)
        acts = {act: ACTS[act] for act in ("note", "new", "sweep")}
        none(refused(clone, MIDDLES[name], acts, tmp_path / name))
        MIDDLES[name].abort(clone)
        clone.ok("note", "ccccc", "-m", f"After the {name}.")
    assert clone.status() == ""


@pytest.mark.parametrize("name", ["merge", "rebase", "bisect"])
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


def test_who_only_looks_is_not_warned(clone: Clone) -> None:
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


def test_what_was_done_on_no_branch_comes_back(clone: Clone) -> None:
    """The warning's command, then a merge: everything is on main, and sound."""
    clone.git("checkout", "-q", "--detach")
    ran = [clone.ok("note", half, "-m", f"Note {half}.") for half in OPEN][-1]
    (line,) = keeping(ran)
    assert clone.sh(line).status == 0
    name = clone.git(
        "for-each-ref", "--contains", clone.head(), "--format=%(refname)", "refs/heads"
    ).out.split()[0]
    clone.git("switch", "-q", "main"), clone.git("merge", "-q", name)
    assert all(f"Note {half}." in clone.committed(half) for half in OPEN)
    clone.ok("check")


def test_before_the_first_commit(tmp_path: Path, clone: Clone) -> None:
    """A branch that is not born yet is a branch: no warning, and the first commit is
    made."""
    (
        clone.git("checkout", "-q", "--orphan", "new"),
        clone.git("rm", "-rq", "--cached", "."),
    )
    ran = clone.ok("note", "aaaaa", "-m", "The first.")
    assert keeping(ran) == [] and "The first." in clone.committed("aaaaa")
    assert clone.git("symbolic-ref", "HEAD").out == "refs/heads/new\n"
    clone.ok("note", "aaaaa", "-m", "The second.")
    assert "The second." in clone.committed("aaaaa")


# --- D5: locks ---

LOCKS = ("index.lock", "HEAD.lock", "refs/heads/main.lock")
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


def locked(clone: Clone, name: str, lock: str) -> list[str]:
    """Run a command where a dead lock lies, then again as the message says; what is
    wrong."""
    act, mark = ACTS[name], f"mark {name}."
    act.prepare(clone, mark)
    wrong, tickets, head, start = [], clone.tickets(), clone.head(), time.monotonic()
    path = leave(clone, lock)
    ran = act.run(clone, mark)
    if time.monotonic() - start > 30:
        wrong.append("waited for more than 30 s")
    if ran.status not in (71, 75):
        return [*wrong, f"status {ran.status}: {ran.err!r}"]
    if missing := named(ran.err, lock):
        wrong.append(f"does not say {', '.join(missing)}: {ran.err!r}")
    if not path.exists():
        return [*wrong, "the lock of somebody else is gone"]
    if clone.head() != head:
        wrong.append("HEAD has moved")
    written = clone.tickets() != tickets
    if written and "not committed" not in ran.err:
        wrong.append(
            f"written, and the message does not say that it is not committed: {ran.err!r}"
        )
    clone.sh(removal(ran.err, lock))
    if path.exists():
        path.unlink()
        wrong.append(
            f"the printed command did not remove the lock: {removal(ran.err, lock)!r}"
        )
    if written:
        clone.ok("note", "ccccc", "-m", "next.")
    elif (ran := act.run(clone, mark)).status:
        wrong.append(f"does not work once the lock is gone: {ran}")
    if clone.status() or (act.inside and clone.tickets_in_head().count(mark) < 1):
        wrong.append(f"not committed once the lock is gone: {clone.status()!r}")
    return wrong


def at_once(tries: dict[str, Callable[[], list[str]]]) -> list[str]:
    """Do things side by side, since they wait most of the time; what is wrong with
    each."""
    with ThreadPoolExecutor(6) as pool:
        found = {name: pool.submit(work) for name, work in tries.items()}
        return [
            f"{name}: {said}"
            for name, answer in found.items()
            for said in answer.result()
        ]


def test_a_lock_that_a_dead_git_left(pattern: Clone, tmp_path: Path) -> None:
    """The file, its age and the command that removes it; waited for a few seconds, and
    never removed by us."""
    names = [name for name in ACTS if name not in ("init", "profile holidays")]
    some = [
        ("index.lock", name)
        for name in ("note", "sweep", "mail in", "import", "edit", "edit --adopt")
    ]
    some += [
        ("HEAD.lock", "move"),
        ("HEAD.lock", "batch"),
        ("refs/heads/main.lock", "new"),
    ]
    some += [("refs/heads/main.lock", "sweep")]
    wanted = [(lock, name) for lock in LOCKS for name in names] if FULL else some

    def case(lock: str, name: str) -> Callable[[], list[str]]:
        folder = tmp_path / f"{lock[:4]} {name}".replace(
            " ", " " if name == "sweep" else "-"
        )
        return lambda: locked(pattern.copy(folder), name, lock)

    none(at_once({f"{lock}, {name}": case(lock, name) for lock, name in wanted}))


def test_a_lock_that_does_not_matter(clone: Clone) -> None:
    """``packed-refs.lock`` is in nobody's way; who thinks that it is names it."""
    leave(clone, "packed-refs.lock")
    ran = clone.run("note", "aaaaa", "-m", "A note.")
    if ran.status:
        assert ran.status in (71, 75) and named(ran.err, "packed-refs.lock") == []
    else:
        assert "A note." in clone.committed("aaaaa")


def test_doctor_names_locks(clone: Clone) -> None:
    """Each that was left, with its age and the command; what lies there for a moment is
    nothing to tell."""
    for lock in LOCKS:
        path = leave(clone, lock)
        ran = clone.run("doctor")
        path.unlink()
        assert (ran.status, named(ran.out + ran.err, lock)) == (1, []), ran
    assert ".lock" not in clone.ok("doctor").out


_HOLDERS = {
    "open, removed": 'set -C; exec 9> "$1"; sleep "$2"; rm "$1"',
    "closed, removed": 'set -C; : > "$1"; sleep "$2"; rm "$1"',
    "open, renamed": 'cp "${1%.lock}" "$1"; exec 9>> "$1"; sleep "$2"; mv "$1" "${1%.lock}"',
}


def waited(clone: Clone, name: str, lock: str, seconds: float, how: str) -> list[str]:
    """Run a command while a living process holds a lock."""
    path = clone.dot / lock
    holder = subprocess.Popen(
        ["sh", "-c", _HOLDERS[how], "sh", str(path), str(seconds)]
    )
    try:
        while not path.exists():
            time.sleep(0.002)
        ran = ACTS[name].run(clone, "mark.")
    finally:
        holder.wait(SECONDS)
    wrong = [] if ran.status == 0 else [f"status {ran.status}: {ran.err!r}"]
    if ran.status == 0 and clone.status():
        wrong.append(f"not committed: {clone.status()!r}")
    if ran.status == 0 and ACTS[name].inside and "mark." not in clone.tickets_in_head():
        wrong.append("it is not in HEAD")
    return wrong


SECONDS = 60


def test_a_lock_that_somebody_holds_is_waited_for(
    pattern: Clone, tmp_path: Path
) -> None:
    """For half a second and for one and a half, removed or renamed into its place, its
    file open or not."""
    some = [
        ("note", "index.lock", 0.5, "open, removed"),
        ("note", "index.lock", 1.5, "open, renamed"),
        ("mail in", "index.lock", 1.5, "closed, removed"),
        ("sweep", "index.lock", 1.5, "open, removed"),
        ("move", "HEAD.lock", 0.5, "open, removed"),
        ("note", "HEAD.lock", 1.5, "open, renamed"),
        ("note", "refs/heads/main.lock", 1.5, "open, removed"),
        ("import", "refs/heads/main.lock", 0.5, "open, renamed"),
    ]
    if FULL:
        names = [name for name in ACTS if name not in ("init", "profile holidays")]
        some = [
            (name, lock, wait, how)
            for name in names
            for lock in LOCKS
            for wait in (0.5, 1.5)
            for how in _HOLDERS
        ]

    def case(number: int, *which: object) -> Callable[[], list[str]]:
        return lambda: waited(pattern.copy(tmp_path / str(number)), *which)  # type: ignore[arg-type]

    none(
        at_once({str(which): case(number, *which) for number, which in enumerate(some)})
    )


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
    assert len(commits) > 1 and "bob@support.example" not in left.authors(
        len(commits) - 1
    )
    assert left.status() == "" and (
        not ACTS[name].inside or "mark." in left.tickets_in_head()
    )


def test_who_only_looks_commits_nothing(left: Clone) -> None:
    """Reading never writes, not even what was left."""
    interrupted(left, "note", "bbbbb", "-m", "Left behind.", half="bbbbb")
    head = left.head()
    for words in READING[:6]:
        left.run(*words)
    assert left.head() == head and "Left behind." not in left.committed("bbbbb")
    left.ok("note", "aaaaa", "-m", "Next.")
    assert "Left behind." in left.committed("bbbbb")


def test_a_ticket_that_a_person_had_commented(left: Clone) -> None:
    """A comment that is in HEAD already makes what the tool wrote afterwards nobody
    else's."""
    assert left.committed("aaaaa").startswith("# ours again\n")
    interrupted(left, "note", "aaaaa", "-m", "Left behind.", half="aaaaa")
    left.ok("note", "ccccc", "-m", "Next.")
    assert "Left behind." in left.committed("aaaaa") and left.committed(
        "aaaaa"
    ).startswith("# ours again\n")
    assert left.status() == ""


def test_where_git_knows_who_commits(clone: Clone) -> None:
    """The author of what was left is who did it, or whom git names for this clone."""
    interrupted(clone, "note", "bbbbb", "-m", "Left behind.", half="bbbbb", as_=AMY)
    clone.ok("note", "aaaaa", "-m", "Next.", as_=BOB)
    assert (
        clone.git("log", "-1", "--format=%an %ae", "--", clone.path("bbbbb")).out
        == "Amy amy@support.example\n"
    )


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


def test_an_email_whose_command_was_killed(left: Clone) -> None:
    """The MTA tries again: the email is on its ticket once, and committed."""
    feed = email("From the customer.", "Re: [261102-bbbbb] Ticket bbbbb")
    interrupted(left, "mail", "in", half="bbbbb", feed=feed)
    left.ok("mail", "in", feed=feed)
    assert left.ticket("bbbbb").read_text().count("From the customer.") == 1
    assert (
        left.committed("bbbbb").count("From the customer.") == 1 and left.status() == ""
    )


def test_what_people_did_by_hand_is_left_alone(left: Clone) -> None:
    """Hand edits of tickets and files stay uncommitted, what is staged stays staged."""
    interrupted(left, "note", "bbbbb", "-m", "Left behind.", half="bbbbb")
    unlock(left)
    edited = left.ticket("aaaaa")
    edited.write_text(f"# By hand.\n{edited.read_text()}")
    write(left, "other.txt", "by hand\n")
    write(left, "staged.txt", "staged\n"), left.git("add", "staged.txt")
    left.ok("note", "ccccc", "-m", "Next.")
    assert "Left behind." in left.committed("bbbbb") and "Next." in left.committed(
        "ccccc"
    )
    assert sorted(left.status().splitlines()) == [
        " M other.txt",
        f" M {left.path('aaaaa')}",
        "A  staged.txt",
    ]
    assert edited.read_text().startswith(
        "# By hand.\n"
    ) and "By hand" not in left.committed("aaaaa")


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
    assert path.read_text() == text and "By hand" not in left.committed("bbbbb")
    assert "bbbbb" in ran.err, (
        f"does not say that bbbbb is not committed, and why: {ran.err!r}"
    )


def test_a_person_who_was_first(left: Clone) -> None:
    """Where a person has committed what was left, there is nothing more to do."""
    interrupted(left, "note", "bbbbb", "-m", "Left behind.", half="bbbbb")
    unlock(left)
    left.git("commit", "-qnam", "By a person")
    head = left.head()
    left.ok("note", "ccccc", "-m", "Next.")
    assert (
        left.git("rev-list", "--count", f"{head}..HEAD").out == "1\n"
        and left.status() == ""
    )


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
    assert (
        left.status() == "" and left.git("fsck", "--strict", "--no-dangling").out == ""
    )
    for half, who in (
        ("bbbbb", "amy"),
        *([("aaaaa", "bob")] if is_written else []),
        ("ccccc", "carol"),
    ):
        line = left.git("log", "--format=%ae", "-1", "--", left.path(half)).out.strip()
        assert line == f"{who}@support.example", half
    assert left.authors(1) == ["carol@support.example"]


@pytest.mark.parametrize("words", [("sweep",), ("mail", "send")], ids=" ".join)
def test_nothing_is_due_but_something_waits_to_be_committed(
    words: tuple[str, ...], left: Clone
) -> None:
    """75 and the reason, as long as it cannot be; then it is committed, and 0."""
    left.ok("sweep"), left.ok("mail", "send")
    interrupted(left, "note", "bbbbb", "-m", "Left behind.", half="bbbbb", as_=BOB)
    path = leave(left, "refs/heads/main.lock")
    ran = left.run(*words)
    assert ran.status == 75 and "commit" in ran.err, ran
    assert named(ran.err, "refs/heads/main.lock") == []
    doctor = left.run("doctor")
    assert doctor.status == 75 and "commit" in doctor.out + doctor.err
    path.unlink()
    left.ok(*words)
    assert "Left behind." in left.committed("bbbbb") and left.status() == ""
    assert left.authors(1) == ["bob@support.example"]
