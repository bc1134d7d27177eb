"""As whom a commit is made, as git knows it."""

from __future__ import annotations

from typing import NamedTuple

from ticketctl.errors import DiskError
from ticketctl.pattern import pattern
from ticketctl.store.git.process import run_git


class Identity(NamedTuple):
    """Who makes a commit.

    Args:
        author: name, address and time, as they stand in a commit.
        committer: likewise.
        signs: whether the user has told git to sign commits.
        has_hooks: whether git's configuration has hooks (git 2.54 and later).
        options: what git must be told to come to the same.
    """

    author: str
    committer: str
    signs: bool
    has_hooks: bool
    options: tuple[str, ...]


_IDENT = pattern(r"[^<>\n\0]*[^<>\s\0][^<>\n\0]*<[^<>\n\0]*> [0-9]+ [+-][0-9]{4}\Z")


def identity_of(root: str, who: str, author: str = "") -> Identity:
    """The identity that git has for its user; where it has no address, that of ``who``.

    Args:
        author: the address of the author, where it is somebody else.

    Raises:
        DiskError: git has none, or failed.
    """
    options: tuple[str, ...] = ()
    said = _variables(root, options)
    if not said.get("user.email"):
        options = _options("user", who)
        said = _variables(root, options)
    if author and f"<{author}>" not in said.get("GIT_AUTHOR_IDENT", ""):
        options += _options("author", author)
        said = _variables(root, options)
        if f"<{author}>" not in said.get(
            "GIT_AUTHOR_IDENT", ""
        ):  # the environment names another
            time = said.get("GIT_COMMITTER_IDENT", "").rpartition("> ")[2]
            said["GIT_AUTHOR_IDENT"] = f"{author.partition('@')[0]} <{author}> {time}"
    by, through = said.get("GIT_AUTHOR_IDENT", ""), said.get("GIT_COMMITTER_IDENT", "")
    if not (_IDENT.match(by) and _IDENT.match(through)):
        raise DiskError(
            "git knows no name and address to commit as",
            "git config user.email YOU@HOST",
        )
    signs = said.get("commit.gpgsign", "false").lower() not in (
        "false",
        "no",
        "off",
        "0",
        "",
    )
    has_hooks = any(key.startswith("hook.") and key.endswith(".event") for key in said)
    return Identity(by, through, signs, has_hooks, options)


def _options(part: str, address: str) -> tuple[str, ...]:
    return (
        "-c",
        f"{part}.name={address.partition('@')[0]}",
        "-c",
        f"{part}.email={address}",
    )


def _variables(root: str, options: tuple[str, ...]) -> dict[str, str]:
    """Git's configuration, and the identities that follow from it (git-var(1)); these
    come last, so that no value of several lines can pass for one."""
    found = {}
    for line in run_git(root, *options, "var", "-l").stdout.splitlines():
        key, equals, value = line.partition("=")
        found[key] = value if equals else "true"  # [commit] gpgsign
    return found
