"""Tests of ``ticketctl.core.language.json_schema``."""

from __future__ import annotations

import json

import jsonschema

from tests.support.merges import MergedClone
from tests.support.places import ROOT
from tests.support.world import REGISTRY
from ticketctl.core.language.json_schema import ticket_schema
from ticketctl.core.yaml_node import plain
from ticketctl.store.yaml.ruamel import read_yaml

SAMPLES = sorted((ROOT / "tickets").rglob("*.yaml"))


def test_the_editors_schema_accepts_what_we_write_and_knows_a_mistake(
    clones: tuple[MergedClone, MergedClone],
) -> None:
    schema = ticket_schema(REGISTRY.all())
    assert (
        json.loads((clones[0].folder / ".git/ticketctl/ticket.schema.json").read_text())
        == schema
    )
    validator = jsonschema.Draft7Validator(schema)
    validator.check_schema(schema)
    for path in SAMPLES:
        ticket = plain(read_yaml(path.read_bytes(), path.name))
        assert not list(validator.iter_errors(ticket)), path
    for wrong in (
        {"status": "Sovled"},
        {"fields": {"colour": "red"}},
        {"profile": "nobody"},
        {"history": []},
    ):
        assert list(validator.iter_errors(ticket | wrong)), wrong
