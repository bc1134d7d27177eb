"""SHA-1 and SHA-256 as the interpreter itself has them: ``hashlib`` loads OpenSSL first, and a short command that hashes
three entries would spend a tenth of its time on that."""

from __future__ import annotations

from types import ModuleType

_sha1: ModuleType
_sha256: ModuleType


def be_lean() -> None:
    """Load what is there at once."""
    global _sha1, _sha256
    try:
        import _sha1

        try:
            import _sha2 as _sha256
        except ImportError:  # as it is called before Python 3.12
            import _sha256
    except ImportError:  # an interpreter that was built without them
        be_fast()


def be_fast() -> None:
    """Load OpenSSL, which is three to seven times as fast: for who hashes thousands."""
    global _sha1, _sha256
    import hashlib

    _sha1 = _sha256 = hashlib


be_lean()


def sha1(data: bytes) -> bytes:
    """The 20 bytes by which git names what it holds."""
    found: bytes = _sha1.sha1(data).digest()
    return found


def sha256(data: bytes) -> bytes:
    """The 32 bytes that stand for others."""
    found: bytes = _sha256.sha256(data).digest()
    return found
