"""Tests of ``ticketctl.store.email.quotes``."""

from __future__ import annotations

import pytest

from tests.support.emails import EN
from ticketctl.store.email.parse import without_quotes

OUTLOOK = "From: Support <help@support.example>\nSent: Monday, November 2, 2026 9:00 AM\nTo: Jane <jane@customer.example>\n"


OUTLOOK += "Subject: RE: Help\n\nWhat invoice?\n"


QUOTES: dict[str, tuple[str, str | None]] = {
    "English": (
        f"Yes please.\n\nJane\n\n{EN}> What invoice?\n> Bye\n",
        "Yes please.\n\nJane",
    ),
    "English, a second time": (f"Yes.\n\n{EN}> No.\n>\n> {EN}>> What?\n", "Yes."),
    "English, in two lines": (
        "Yes.\n\nOn Mon, Nov 2, 2026 at 9:00 AM The Support Desk\n<help@support.example> wrote:\n\n> W\n",
        "Yes.",
    ),
    "German": (
        "Ja, bitte.\n\nAm 02.11.2026 um 09:00 schrieb Support <help@support.example>:\n> Welche?\n",
        "Ja, bitte.",
    ),
    "German of Gmail": (
        "Ja.\n\nAm Mo., 2. Nov. 2026 um 09:00 Uhr schrieb Support <help@support.example>:\n\n> Was?\n",
        "Ja.",
    ),
    "French": (
        "Oui.\n\nLe lun. 2 nov. 2026 à 09:00, Support <help@support.example> a écrit :\n> Quelle ?\n",
        "Oui.",
    ),
    "Outlook": (
        f"Yes please.\n\nJane\n\n-----Original Message-----\n{OUTLOOK}",
        "Yes please.\n\nJane",
    ),
    "Outlook with a line": (
        f"Yes please.\n\n________________________________\n{OUTLOOK}",
        "Yes please.",
    ),
    "Outlook, German": (
        "Ja.\n\nVon: Support <help@support.example>\nGesendet: Montag, 2. November 2026 09:00\n"
        "An: Jane <jane@customer.example>\nBetreff: AW: Hilfe\n\nWelche?\n",
        "Ja.",
    ),
    "signature": (f"Yes.\n-- \nJane\n+49 123\n\n{EN}> What?\n", None),
    "telephone": (
        f"Yes.\n\nSent from my iPhone\n\n{EN}> What?\n",
        "Yes.\n\nSent from my iPhone",
    ),
    "below": (f"{EN}> What invoice?\n\nThe one of May.\n", None),
    "below, without a head": ("> What invoice?\n\nThe one of May.\n", None),
    "between": (
        "> What invoice?\nThe one of May.\n> Which number?\nFortytwo.\n> Bye\n",
        None,
    ),
    "between, with a head": (
        f"{EN}> What invoice?\nThe one of May.\n> Which number?\nFortytwo.\n",
        None,
    ),
    "between, after words": (
        "Answers below.\n> What invoice?\nThe one of May.\n> Bye\n",
        None,
    ),
    "nothing quoted": ("First.\n\nSecond.\n", "First.\n\nSecond."),
    "a prompt": ("Steps:\n>>> import os\n>>> os.x\nIt says: AttributeError\n", None),
    "lines of dashes": (
        "Log:\n-----\nerror one\n-----\nerror two\n_______\nlast words\n",
        None,
    ),
    "thanks in between": (
        "Thanks, but it still fails.\nCheers\n\nJane\n\nPS: the number is 42\n",
        None,
    ),
    "somebody wrote": (
        "Mein Kollege schrieb am Montag:\nDrucker kaputt.\nBitte helfen\n",
        None,
    ),
    "only a quote": ("> a\n> b\n", "> a\n> b\n"),
    "only a quote with a head": (f"{EN}> What?\n", f"{EN}> What?\n"),
    "nothing": ("", ""),
    "a long line": (
        f"Before.\n{'word ' * 5000}end\nAfter.\n\n{EN}> What?\n",
        f"Before.\n{'word ' * 5000}end\nAfter.",
    ),
    "a long line that is quoted": (f"Before.\n\n{EN}> {'q ' * 5000}\n> bye\n", None),
}
"""Bodies: name -> (the text, what must be left of it; ``None``: at least all that is
not quoted)."""


def own(text: str) -> list[str]:
    """The words of a body that stand in no quoted line and in no head of a quotation."""
    lines = [
        line for line in text.replace(EN, "").split("\n") if not line.startswith("> ")
    ]
    return " ".join(lines).split()


def has_in_order(text: str, words: list[str]) -> bool:
    """Whether a text has all the words, in their order."""
    found = iter(text.split())
    return all(word in found for word in words)


@pytest.mark.parametrize("name", list(QUOTES))
def test_without_quotes(name: str) -> None:
    """What is quoted below is taken off, and no word that the writer wrote."""
    text, expected = QUOTES[name]
    left = without_quotes(text)
    if expected is not None:
        assert left == expected
    else:
        assert has_in_order(left, own(text)), left


@pytest.mark.parametrize(
    "text",
    [
        f"Hi,\n\n{EN}> What invoice?\n\nThe one of May.\n\n> Which number?\n\nFortytwo.\n",
        f"Yes.\n\n{EN}> What invoice?\n\nPS: the one of May.\n",
        "On Monday I wrote:\nthe printer burns.\nIt still does.\n",
        "Hello,\nFrom: the printer\nTo: the wall\nSent: never\nIt burns.\n",
    ],
    ids=[
        "between, after a greeting",
        "after the quotation",
        "a line that looks like a head",
        "lines like headers",
    ],
)
def test_without_quotes_loses_no_answer(text: str) -> None:
    """What the writer wrote between and after the quoted lines is the answer, so it
    stays."""
    assert has_in_order(without_quotes(text), own(text))


LARGE = {
    "one line": "x" * 60_000,
    "long lines": ("y " * 5_000 + "\n") * 6,
    "blank lines": "a\n" + "\n" * 50_000 + "b",
    "blank lines of blanks": "a\n" + "\t \n" * 15_000 + "b",
    "quoted blank lines": "a\n" + ">\n" * 20_000 + "b",
    "On": "On " * 20_000,
    "On in lines": "On \n" * 15_000,
    "From": "From: a\n" * 8_000,
    "wrote": "On Mon, wrote\n" * 4_500,
    "lines just not too long": ("On " + "x" * 290 + "\n") * 220,
    "lines of dashes": ("-" * 299 + "\n") * 200,
    "quotes of quotes": (">" * 299 + "\n") * 200,
    "more than it looks at": "On Mon, wrote:\n> a\n" * 20_000,
}


@pytest.mark.parametrize("name", list(LARGE))
def test_without_quotes_finishes(name: str) -> None:
    """A text that is made to keep the patterns busy is done with, and does not grow."""
    text = LARGE[name]
    left = without_quotes(text)
    assert left
    assert len(left) <= len(text)
    if name.startswith("blank"):
        assert left.split() == ["a", "b"]


def test_without_quotes_does_not_grow() -> None:
    """What a writer puts into a text never multiplies it: here 1 KB would be 3 MB, with
    two lines more 30 GB."""
    lines = ["\ue0001\ue000" * 101, "\ue0002\ue000" * 101, "x" * 303]
    assert len(without_quotes("\n".join(lines))) <= 1000
