"""Find out as whom git commits."""

from __future__ import annotations

from typing import NamedTuple

from ticketctl.errors import DiskError
from ticketctl.pattern import pattern
from ticketctl.store.git.process import run_git


class Identity(NamedTuple):
    """The author and committer of a commit.

    Args:
        author: name, address and time, as they stand in a commit.
        committer: likewise.
        signs: whether the user has told git to sign commits.
        has_hooks: whether git's configuration has hooks (git 2.54 and later).
        options: options that make git use the same identity.
    """

    author: str
    committer: str
    signs: bool
    has_hooks: bool
    options: tuple[str, ...]


_IDENT = pattern(r"[^<>\n\0]*[^<>\s\0][^<>\n\0]*<[^<>\n\0]*> [0-9]+ [+-][0-9]{4}\Z")


def identity_of(root: str, who: str, author: str = "") -> Identity:
    """Return the identity that git has for its user; that of ``who`` if it has none.

    Args:
        author: the address of the author, if that is not the committer.

    Raises:
        DiskError: git has no identity, or failed.
    """
    options: tuple[str, ...] = ()
    variables = _variables(root, options)
    if not variables.get("user.email"):
        options = _options("user", who)
        variables = _variables(root, options)
    if author and f"<{author}>" not in variables.get("GIT_AUTHOR_IDENT", ""):
        options += _options("author", author)
        variables = _variables(root, options)
        if f"<{author}>" not in variables.get(
            "GIT_AUTHOR_IDENT", ""
        ):  # the environment names another
            time = variables.get("GIT_COMMITTER_IDENT", "").rpartition("> ")[2]
            variables["GIT_AUTHOR_IDENT"] = (
                f"{author.partition('@')[0]} <{author}> {time}"
            )
    author_line, committer_line = (
        variables.get("GIT_AUTHOR_IDENT", ""),
        variables.get("GIT_COMMITTER_IDENT", ""),
    )
    if not (_IDENT.match(author_line) and _IDENT.match(committer_line)):
        raise DiskError(
            "git has no name and email address to commit with",
            "git config user.email YOU@HOST",
        )
    signs = variables.get("commit.gpgsign", "false").lower() not in (
        "false",
        "no",
        "off",
        "0",
        "",
    )
    has_hooks = any(
        key.startswith("hook.") and key.endswith(".event") for key in variables
    )
    return Identity(author_line, committer_line, signs, has_hooks, options)


def _options(part: str, address: str) -> tuple[str, ...]:
    return (
        "-c",
        f"{part}.name={address.partition('@')[0]}",
        "-c",
        f"{part}.email={address}",
    )


def _variables(root: str, options: tuple[str, ...]) -> dict[str, str]:
    """Return git's configuration, and the identities that follow from it (git-var(1)).

    The identities come last, so that no value of several lines can pass for one.
    """
    variables = {}
    for line in run_git(root, *options, "var", "-l").stdout.splitlines():
        key, equals, value = line.partition("=")
        variables[key] = value if equals else "true"  # [commit] gpgsign
    return variables
