"""Where a store of the tests keeps its derived state, as the program itself finds it."""

from __future__ import annotations

import shutil
from pathlib import Path

from ticketctl.store.state_folder import StateFolder, locate_state


def found(root: Path) -> StateFolder:
    """The place of a store's state, in the environment of the test."""
    return locate_state(str(root.resolve()))


def state_of(root: Path) -> Path:
    """The folder of its index, caches and journal."""
    return Path(found(root).folder)


def outbox_of(root: Path) -> Path:
    """The folder of its notifications."""
    return Path(found(root).outbox)


def make_repository(root: Path) -> None:
    """The least that git takes for a repository, without a process: state lies in it."""
    for folder in ("objects", "refs"):
        (root / ".git" / folder).mkdir(parents=True, exist_ok=True)
    (root / ".git/HEAD").write_text("ref: refs/heads/main\n")


def copy_store(source: Path, target: Path) -> None:
    """A store and its state, wherever that lies, under another name."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
    if found(source).beside:
        shutil.rmtree(state_of(target), ignore_errors=True)
        if state_of(source).exists():
            shutil.copytree(state_of(source), state_of(target), symlinks=True)


BATCH_PROFILE = """\
profile: desk
title: A small desk
version: 1
timezone: UTC
roles: {customer: customer, agent: agent, system: system}
fields:
  release: {type: string, help: "in which it went out"}
statuses:
  Ready: {state: open, description: "It waits for the release."}
  Out: {state: closed, description: "It is out."}
transitions:
- {from: created, to: Ready, roles: [agent]}
- {from: Ready, to: Out, roles: [agent]}
triggers:
- {name: tell-out, on: [entered(Out)], do: [{notify: customer, message: out}]}
batches:
  release: {from: Ready, to: Out, set: {release: $name}}
messages:
  out: {subject: "Released: $title", body: "It is out."}
"""
"""A small workflow with a batch, for commands that need one."""
