"""SHA-1 and SHA-256 as the interpreter itself has them: ``hashlib`` loads OpenSSL
first, and a short command that hashes three entries would spend a tenth of its time on
that."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any

_modules: tuple[str, ...] = ("_{}", "_sha2", "hashlib")
"""Where they may be; ``_sha2`` is what ``_sha256`` is called since Python 3.12."""


def be_fast() -> None:
    """From now on by OpenSSL, which is three to seven times as fast: for who hashes
    thousands."""
    global _modules
    _modules = ("hashlib",)
    _algorithm.cache_clear()


def sha1(data: bytes) -> bytes:
    """The 20 bytes by which git names what it holds."""
    found: bytes = _algorithm("sha1")(data).digest()
    return found


def sha256(data: bytes) -> bytes:
    """The 32 bytes that stand for others."""
    found: bytes = _algorithm("sha256")(data).digest()
    return found


def hasher(name: str) -> Any:
    """A digest of bytes that come piece by piece (``update``, ``digest``).

    Args:
        name: ``sha1`` or ``sha256``.
    """
    return _algorithm(name)(b"")


def object_id(kind: bytes, data: bytes, digits: int = 40) -> bytes:
    """The id that git gives to an object, in a repository whose ids have so many
    digits."""
    return (sha256 if digits == 64 else sha1)(b"%s %d\0" % (kind, len(data)) + data)


@cache
def _algorithm(name: str) -> Callable[[bytes], Any]:
    for module in _modules:
        with suppress(ImportError, AttributeError):
            found: Callable[[bytes], Any] = getattr(
                import_module(module.format(name)), name
            )
            return found
    raise ImportError(f"this Python has no {name}")
