"""docs/glossary.md: the words that code, help and docs share, and words they gave up."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.places import DOCS, PACKAGE, ROOT

WORD = re.compile(r"^\| ([a-z]+) \| (.+) \|$", re.MULTILINE)
GLOSSARY = dict(WORD.findall((DOCS / "glossary.md").read_text("utf-8")))
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(path for path in DOCS.glob("*.md") if path.name != "demands.md"),
]
"""The pages that we write in our own words; demands.md quotes the documents."""
RETIRED = {
    "letter": r"(?<!capital )(?<!small )(?<!with a )letters?\b(?!,? (or |and )?digits?)",
    "notice": r"(?<!users )notices?",
    "desk": r"(the|a|this|each) desk",
    "shelf": r"shelf",
    "scene": r"scene",
    "dead letter": r"dead letters?",
    "mailroom": r"mailrooms?",
    "look after": r"look(s|ed|ing)? after",
    "sign of life": r"signs? of life",
}
"""Words that were given up, each as a pattern."""
IDENTIFIERS = re.compile(
    r"(?i)(^|_)(letters?|desk|shelf|scene|voice|debts?|notices?|mailroom)($|_)"
)
KEYS = {"notices", "letters"}
"""Names of JSON keys and columns, which stay."""


@cache
def identifiers(path: Path) -> frozenset[str]:
    """The identifiers of a module."""
    text = path.read_text("utf-8")
    return frozenset(
        token.string
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.NAME
    )


def prose(path: Path) -> str:
    """The text of a page, without blocks of commands and code."""
    text = re.sub(r"(?ms)^```.*?^```$", "", path.read_text("utf-8"))
    return re.sub(r"`[^`\n]*`", "", text)


def comments(path: Path) -> Iterator[str]:
    """The docstrings and comments of a module, without quoted code."""
    text = path.read_text("utf-8")
    texts = [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    ]
    texts += [
        node.value.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]
    for words in texts:
        yield re.sub(r"``[^`]*``|`[^`\n]*`", "", words)


def test_the_glossary_has_the_twenty_words_that_matter() -> None:
    assert 20 <= len(GLOSSARY) <= 24
    assert all(meaning.endswith(".") for meaning in GLOSSARY.values())


@pytest.mark.parametrize("word", GLOSSARY)
def test_each_word_is_used_in_code_and_docs(word: str) -> None:
    named = [
        path
        for path in PACKAGE.rglob("*.py")
        if any(word in name.casefold() for name in identifiers(path))
    ]
    told = [page for page in PAGES if re.search(rf"(?i)\b{word}", prose(page))]
    assert named and len(told) >= 2, (named, told)


@pytest.mark.parametrize("word", RETIRED)
def test_retired_words_are_gone_from_the_docs(word: str) -> None:
    pattern = re.compile(rf"(?i)\b({RETIRED[word]})\b")
    wrong = [
        f"{path.name}: {match[0]!r} in {text[max(0, match.start() - 40) :][:90]!r}"
        for path in PAGES
        for text in [prose(path)]
        for match in pattern.finditer(text)
    ]
    assert wrong == []


@pytest.mark.parametrize("word", RETIRED)
def test_retired_words_are_gone_from_docstrings_and_comments(word: str) -> None:
    pattern = re.compile(rf"(?i)\b({RETIRED[word]})\b")
    wrong = [
        f"{path.relative_to(PACKAGE)}: {' '.join(text.split())[:90]}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for text in comments(path)
        if pattern.search(text)
    ]
    assert wrong == []


def test_retired_words_are_gone_from_identifiers() -> None:
    wrong = {
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in PACKAGE.rglob("*.py")
        for name in identifiers(path)
        if IDENTIFIERS.search(name) and name not in KEYS
    }
    assert wrong == set()
