"""Layers, sizes and words: what CONTRIBUTING.md says of the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.places import PACKAGE, ROOT, TESTS
from tests.support.world import REGISTRY

ROOMS = sorted(PACKAGE.rglob("*.py"))
GROUND = {"errors", "record", "pattern"}
MAY_IMPORT = {
    "record": set(),
    "pattern": set(),
    "errors": GROUND,
    "core": {"core", *GROUND},
    "store": {"store", "core", *GROUND},
    "render": {"render", "core", *GROUND},
    "app": {"app", "store", "core", *GROUND},
    "interrupts": set(),
    "cli": {"cli", "app", "store", "render", "core", "interrupts", *GROUND},
}
DOORS = {
    "click": "cli/",
    "ruamel": "store/yaml/ruamel.py",
    "tabulate": "render/table.py",
    "dateutil": "core/dates.py",
    "holidays": "store/public_holidays.py",
    "subprocess": ("store/git/process.py", "store/email/smtp.py"),
    "smtplib": "store/email/smtp.py",
    "imaplib": "store/email/mailboxes.py",
    "imap_tools": "store/email/mailboxes.py",
    "email": ("store/email/parse.py", "store/email/compose.py"),
    "binascii": ("store/email/mime.py", "store/email/headers.py"),
    "codecs": "store/email/charsets.py",
    "encodings": "store/email/charsets.py",
    "html": "store/email/html.py",
    "mailparser_reply": "store/email/quotes.py",
    "fcntl": (
        "store/writing/locks.py",
        "store/writing/held_files.py",
        "store/writing/originals.py",
    ),
    "sqlite3": (
        "store/index/build.py",
        "store/index/database.py",
        "store/index/schema.py",
        "store/index/fulltext.py",
        "store/index/verified.py",
    ),
    "concurrent": "app/index/parallel.py",
    "multiprocessing": "app/index/parallel.py",
}
IMPURE = {"open", "print", "input", "exec", "eval"}


@cache
def tree(path: Path) -> ast.Module:
    """A room, parsed."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    """Every module that a room imports, inside functions too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def room(path: Path) -> str:
    """``core/ticket.py``."""
    return path.relative_to(PACKAGE).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    """Every function and method."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("path", ROOMS, ids=room)
def test_layers(path: Path) -> None:
    """Each layer imports only what stands below it; render and store never meet."""
    layer = room(path).partition("/")[0].removesuffix(".py")
    if layer in ("__init__", "__main__"):
        return
    for name in imports(path):
        top, _, rest = name.partition(".")
        if top == "ticketctl" and rest:
            assert rest.partition(".")[0] in MAY_IMPORT[layer], (
                f"{room(path)} imports {name}"
            )


@pytest.mark.parametrize("path", ROOMS, ids=room)
def test_outside_modules_are_imported_in_one_place(path: Path) -> None:
    """One door per outside thing."""
    for name in imports(path):
        door = DOORS.get(name.partition(".")[0])
        assert door is None or room(path).startswith(door), (
            f"{room(path)} imports {name}"
        )


RENDER_MAY_IMPORT = {
    "events": {"is_import"},
    "forecast": {"RuleForecast"},
    "moves": {"OpenMove", "Step", "automatic"},
    "requests": {"Actor", "Decision", "Refusal"},
    "timers": {"NextRule", "NextRules"},
}
"""What render words of ``core.engine``: decisions that others have made."""


@pytest.mark.parametrize(
    "path", [path for path in ROOMS if room(path).startswith("render/")], ids=room
)
def test_rendering_does_not_decide(path: Path) -> None:
    """What will happen to a ticket is computed once, with the people of the store;
    render only words it."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            package, _, module = node.module.rpartition(".")
            if package == "ticketctl.core.engine":
                names = {alias.name for alias in node.names}
                assert names <= RENDER_MAY_IMPORT.get(module, set()), room(path)
            assert node.module != "ticketctl.core.engine", room(path)


@pytest.mark.parametrize(
    "path", [path for path in ROOMS if room(path).startswith("core/")], ids=room
)
def test_the_core_is_pure(path: Path) -> None:
    """No I/O, no clock, no environment."""
    assert not {"os", "sys", "pathlib", "time", "io", "random", "secrets"} & {
        n.partition(".")[0] for n in imports(path)
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            name = (
                node.func.id
                if isinstance(node.func, ast.Name)
                else getattr(node.func, "attr", "")
            )
            assert name not in IMPURE | {"now", "utcnow", "today", "getenv"}, (
                f"{room(path)}:{node.lineno} calls {name}"
            )


@pytest.mark.parametrize("path", ROOMS, ids=room)
def test_modules_are_small_named_and_documented(path: Path) -> None:
    """No module over 400 lines, no function over 35 statements; names that say something; a
    docstring on all that is public."""
    assert path.stem not in (
        "util",
        "utils",
        "helper",
        "helpers",
        "common",
        "base",
        "manager",
        "misc",
    )
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    assert ast.get_docstring(tree(path)), f"{room(path)} does not say what it is"
    for function in functions(path):
        size = sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1
        assert size <= 35, (
            f"{room(path)}:{function.lineno} {function.name} has {size} statements"
        )
        assert function.returns is not None, (
            f"{room(path)}:{function.lineno} {function.name} has no return type"
        )
    for node in tree(path).body:
        public = isinstance(
            node, ast.FunctionDef | ast.ClassDef
        ) and not node.name.startswith("_")
        assert not public or ast.get_docstring(node), (
            f"{room(path)}:{node.lineno} says nothing of itself"
        )


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """Every text in the code that is no docstring."""
    said = {
        id(node.body[0].value)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    bare = {
        id(node.value) for node in ast.walk(tree(path)) if isinstance(node, ast.Expr)
    }
    for node in ast.walk(tree(path)):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in said | bare
        ):
            yield node.lineno, node.value


WORDS_OF_THE_LANGUAGE = {
    # names of statuses, but states and plain English as well
    "New",
    "Open",
    "Closed",
    "Resolved",
    "Pending",
    "Complete",
    "Scheduled",
    "Assigned",
    "Answered",
    # git's own word: "a merge is in progress"
    "In Progress",
    # parts of the language; a profile may call a field so
    "queue",
    "category",
    "checklist",
    "kind",
}


def test_no_pattern_has_a_possessive_group() -> None:
    """Python 3.11.2 (Debian 12) matches possessive groups of alternatives wrongly:
    ``(?:a|b)*+``, ``(?:a|b)++``."""
    held = [
        f"{path.name}:{line}"
        for path in ROOMS
        for line, text in literals(path)
        if re.search(r"[)}][*+?]\+", text)
    ]
    assert held == []


def test_no_code_names_a_profile_a_status_or_a_field() -> None:
    """One generic interpreter: what the five organisations call things stands in their
    profiles alone."""
    names: set[str] = set()
    for profile in REGISTRY.all():
        names |= {
            profile.name,
            *profile.statuses,
            *profile.fields,
            *(rule.name for rule in profile.rules),
        }
    names -= WORDS_OF_THE_LANGUAGE
    for path in ROOMS:
        for line, text in literals(path):
            assert text not in names, f'{room(path)}:{line} has the literal "{text}"'
            if any(" " in name and name in text for name in names):
                raise AssertionError(f'{room(path)}:{line} names a status in "{text}"')
            held = {
                word
                for word in names
                if len(word) > 6
                and "-" not in word
                and word.casefold() in text.casefold()
            }
            assert not held, f'{room(path)}:{line} names {held} in "{text}"'


def test_the_table_of_commands_is_their_help() -> None:
    """The one line of each command in the table of ``cli.main`` begins its help."""
    from tests.tools.reference import table_agrees

    assert table_agrees() == []


FILE_CALLS = {
    "open",
    "replace",
    "rename",
    "link",
    "symlink",
    "mkdir",
    "makedirs",
    "truncate",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "touch",
}
"""Calls of ``os`` and of paths by which files are read, made or put somewhere else."""
OPENS = {
    "store/files.py": "the door to the files of a store",
    "store/writing/held_files.py": "files of ours in the git directory",
    "store/writing/originals.py": "renames to a place",
    "store/writing/sync.py": "to sync what is there",
    "store/git/index_lock.py": "the index of git",
    "store/writing/permissions.py": "",
    "store/writing/journal.py": "the journal itself",
    "store/writing/write_all.py": "the journal itself",
    "store/writing/temporary.py": "waiting folders; /proc",
    "store/index/build.py": "an index takes its name once it is whole",
    "store/email/smtp.py": "a password file that the environment names",
    "store/email/mailboxes.py": "a maildir",
    "store/email/quarantine.py": "an email that does not fit into the memory",
    "app/input/rows.py": "a file that the user names",
    "cli/input.py": "a file that the user names",
    "cli/change.py": "a file that the user names",
    "cli/output.py": "",
    "cli/main.py": "standard streams",
    "__main__.py": "standard streams",
}
"""The modules that may, and why."""


def opened_in(path: Path) -> Iterator[int]:
    """The lines of a module that open or make files themselves."""
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call):
            continue
        call = node.func
        if isinstance(call, ast.Name) and call.id == "open":
            yield node.lineno
        if isinstance(call, ast.Attribute) and call.attr in FILE_CALLS:
            of = call.value.id if isinstance(call.value, ast.Name) else ""
            is_path = call.attr.startswith(("read_", "write_")) or call.attr in (
                "touch",
                "makedirs",
            )
            if of == "os" or (is_path and of not in ("files", "deadletters")):
                yield node.lineno


@pytest.mark.parametrize("path", ROOMS, ids=room)
def test_files_are_opened_in_few_places(path: Path) -> None:
    """One door for reading and writing the files of a store (docs/security.md, T3 and
    T5)."""
    lines = list(opened_in(path))
    assert not lines or room(path) in OPENS, (
        f"{room(path)}:{lines} opens or makes a file; store/files.py does that"
    )


MODULES_OF_TESTS = sorted(TESTS.rglob("*.py"))


def from_top(path: Path) -> str:
    """Return ``tests/cli/test_main.py``."""
    return path.relative_to(ROOT).as_posix()


def test_no_test_module_is_imported() -> None:
    """Keep what several test modules need in ``tests/support``."""
    wrong = [
        f"{from_top(path)} imports {name}"
        for path in MODULES_OF_TESTS
        for name in names_imported(path)
        if name.rpartition(".")[2].startswith("test_")
    ]
    assert wrong == []


def names_imported(path: Path) -> set[str]:
    """Return the modules and the names that a module imports, in functions too."""
    return set(imports(path)) | {
        alias.name
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


FOR_EFFECT = (ast.Tuple, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def test_each_statement_is_plain() -> None:
    """Write no statement that is a tuple, or a comprehension made for its effect."""
    wrong = [
        f"{from_top(path)}:{node.lineno}"
        for path in [*ROOMS, *MODULES_OF_TESTS]
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Expr) and isinstance(node.value, FOR_EFFECT)
    ]
    assert wrong == []
