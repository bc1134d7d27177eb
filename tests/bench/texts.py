"""Words, names and texts of the benchmark's tickets: plausible English by a seeded
generator."""

from __future__ import annotations

import random
from itertools import accumulate

RARE = "quixotic"
"""A word that stands in a few tickets only, so that a search has something to find."""

WORDS = """the to and we it is of in a that for on you not with this have our can at be from when please your are after
but all was if by an they there then which still again since now has been will system error page login password server
invoice account customer report update file order screen message mail address time day user version click button link
problem issue ticket team work works working worked open close change changed new old first last week month yesterday
today tomorrow morning evening phone call number payment bank card printer network router cable office laptop desktop
browser window application database backup restore restart service disk memory slow fast wrong right missing empty full
field form table row column list search filter export import print save delete copy paste upload download attach
picture document folder archive contract license renewal subscription price discount tax total amount currency balance
delivery shipment package warehouse stock product item part quantity colour size label barcode scanner keyboard mouse
monitor camera microphone speaker headset battery charger adapter socket switch port firewall certificate domain host
record entry cache cookie session token key signature permission role group manager colleague department branch
region country language translation date calendar meeting appointment reminder schedule holiday shift overtime salary
training manual guide example step instruction procedure policy rule request approval answer question reply comment
note summary detail reason cause effect result test check verify confirm reproduce investigate analyse compare repair
replace install remove configure enable disable connect disconnect lock unlock reset refresh reload crash freeze fail
timeout warning notice alert log trace dump monitoring peak load traffic bandwidth latency packet gateway proxy tunnel
mirror cluster node queue worker job batch script task timer trigger event handler module plugin library package build
release patch hotfix rollback migration upgrade downgrade staging production sandbox prototype feature option setting
default preference theme layout font icon menu toolbar dialog tooltip shortcut gesture touch scroll zoom rotate resize
quarter budget forecast margin revenue cost expense receipt refund voucher coupon campaign newsletter banner survey
feedback rating review complaint praise suggestion idea proposal agreement clause appendix attachment chapter paragraph
""".split()  # noqa: SIM905 - a list literal would fill pages
_WEIGHTS = list(accumulate(1 / (rank + 4) for rank in range(len(WORDS))))

STAFF = (
    "amy@support.example",
    "tom@support.example",
    "sue@support.example",
    "ada@support.example",
)
_FIRST = "jane john mary omar lena ivan nina paul rosa karl emma hugo lucy otto vera adam iris leon maya theo".split()  # noqa: SIM905


def words(rng: random.Random, number: int) -> list[str]:
    """So many words, the common ones as often as in any text (Zipf's law)."""
    return rng.choices(WORDS, cum_weights=_WEIGHTS, k=number)


def title(rng: random.Random) -> str:
    """The title of a ticket: four to eight words."""
    return " ".join(words(rng, rng.randint(4, 8))).capitalize()


def text(rng: random.Random, rare: bool = False) -> str:
    """A message of one to three lines; ``rare`` puts the rare word into it."""
    lines = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        found = words(rng, rng.randint(7, 13))
        if rare:
            found.insert(3, RARE)
            rare = False
        lines.append(" ".join(found).capitalize() + ".")
    return "\n".join(lines) + ("\n" if len(lines) > 1 else "")


def customer(rng: random.Random) -> str:
    """The address of a customer, of some thousands."""
    return f"{rng.choice(_FIRST)}@customer{rng.randint(1, 200)}.example"


def staff(rng: random.Random) -> str:
    """The address of somebody who works there."""
    return rng.choice(STAFF)
