"""Tests of ``ticketctl.render.json_documents``."""

from __future__ import annotations

import json

from tests.support.hostile_texts import BAD, raw
from ticketctl.core.escaping import escaped


def test_json_of_everything() -> None:
    """Every character that there is comes back from the JSON that is printed."""
    texts = [f"{char}é{char}" for char in BAD]
    for start in (*range(0, 0xD000, 0x1000), *range(0xE000, 0x30000, 0x1000)):
        texts.append("".join(map(chr, range(start, start + 0x1000))))
    line = escaped(json.dumps(texts, ensure_ascii=False))
    assert json.loads(line) == texts
    assert not raw(line)
    assert escaped('["\U000e0041"]') == '["\\udb40\\udc41"]'
