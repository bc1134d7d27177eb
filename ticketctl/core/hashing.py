"""SHA-1 and SHA-256 of the interpreter itself, without ``hashlib``.

``hashlib`` loads OpenSSL first, which takes a tenth of the time of a short command.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any

_modules: tuple[str, ...] = ("_{}", "_sha2", "hashlib")
"""The modules that may have them; ``_sha256`` is called ``_sha2`` since Python 3.12."""


def be_fast() -> None:
    """Use OpenSSL from now on: it is three to seven times as fast for thousands of
    hashes."""
    global _modules
    _modules = ("hashlib",)
    _algorithm.cache_clear()


def sha1(data: bytes) -> bytes:
    """Return the SHA-1 hash, 20 bytes, by which git names objects."""
    digest: bytes = _algorithm("sha1")(data).digest()
    return digest


def sha256(data: bytes) -> bytes:
    """Return the SHA-256 hash, 32 bytes."""
    digest: bytes = _algorithm("sha256")(data).digest()
    return digest


def hasher(name: str) -> Any:
    """Return a hash of bytes that are added piece by piece (``update``, ``digest``).

    Args:
        name: ``sha1`` or ``sha256``.
    """
    return _algorithm(name)(b"")


def object_id(kind: bytes, data: bytes, digits: int = 40) -> bytes:
    """Return the id that git gives to an object.

    Args:
        kind: ``blob``, ``tree`` or ``commit``.
        digits: how many hex digits an id has in the repository: 40 or 64.
    """
    return (sha256 if digits == 64 else sha1)(b"%s %d\0" % (kind, len(data)) + data)


@cache
def _algorithm(name: str) -> Callable[[bytes], Any]:
    """Return ``sha1`` or ``sha256``."""
    for module in _modules:
        with suppress(ImportError, AttributeError):
            algorithm: Callable[[bytes], Any] = getattr(
                import_module(module.format(name)), name
            )
            return algorithm
    raise ImportError(f"this Python has no {name}")
