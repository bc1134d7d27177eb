"""Names of charsets in email, and the text of bytes (RFC 2045, RFC 2978).

Only encodings of text that real email uses are known here, by a list. A name from an
email is never looked up in Python's registry: that would import a module by a name that
a stranger chose, and the registry has encodings that are not for text (``rot13``,
``unicode_escape``) or that take minutes (``punycode``, ``idna``).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cache

_MAC = "cyrillic farsi greek iceland latin2 roman romanian turkish arabic croatian"
_CODECS = (
    "ascii utf_8 utf_7 utf_16 utf_16_be utf_16_le utf_32 utf_32_be utf_32_le latin_1 "
    "koi8_r koi8_t koi8_u kz1048 ptcp154 hp_roman8 tis_620 johab hz gb2312 gbk "
    "gb18030 big5 big5hkscs shift_jis shift_jis_2004 shift_jisx0213 euc_jp "
    "euc_jis_2004 euc_jisx0213 euc_kr iso2022_kr iso2022_jp iso2022_jp_1 "
    "iso2022_jp_2 iso2022_jp_2004 iso2022_jp_3 iso2022_jp_ext "
    + " ".join(f"iso8859_{part}" for part in range(2, 17) if part != 12)
    + " cp437 cp720 cp737 cp775 cp850 cp852 cp855 cp857 cp858 cp860 cp861 cp862 "
    "cp863 cp864 cp865 cp866 cp869 cp874 cp932 cp949 cp950 cp1006 cp1125 cp1250 "
    "cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 "
    + " ".join(f"mac_{name}" for name in _MAC.split())
)
_MORE: Mapping[str, str] = {
    "unicode_1_1_utf_8": "utf_8",
    "x_unicode_2_0_utf_8": "utf_8",
    "ansi_x3_4": "ascii",
    "iso_8859_6_i": "iso8859_6",
    "iso_8859_6_e": "iso8859_6",
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8",
    "x_sjis": "cp932",
    "windows_31j": "cp932",
    "windows_874": "cp874",
    "windows_936": "gbk",
    "x_gbk": "gbk",
    "windows_949": "cp949",
    "ks_c_5601_1987": "cp949",
    "x_euc_jp": "euc_jp",
    "x_euc_kr": "euc_kr",
    "x_big5": "big5",
    "x_mac_roman": "mac_roman",
    "mac": "mac_roman",
    "x_mac_cyrillic": "mac_cyrillic",
    "cp_850": "cp850",
    "cp_852": "cp852",
    "cp_866": "cp866",
}
"""Names in use that Python does not know."""
_WIDER: Mapping[str, tuple[str, ...]] = {
    "shift_jis": ("cp932", "shift_jis_2004"),
    "cp932": ("shift_jis_2004",),
    "euc_jp": ("euc_jis_2004",),
    "iso2022_jp": ("iso2022_jp_ext", "iso2022_jp_2004"),
    "iso2022_jp_1": ("iso2022_jp_ext", "iso2022_jp_2004"),
    "gb2312": ("gb18030",),
    "gbk": ("gb18030",),
    "big5": ("cp950", "big5hkscs"),
    "cp950": ("big5hkscs",),
    "euc_kr": ("cp949",),
}
"""Larger charsets that programs write under the name of a smaller one."""
_WINDOWS: Mapping[str, str] = {
    "latin_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
}
"""Likewise, where the smaller one has control characters in these places, which nobody
writes."""
_C1 = re.compile(b"[\x80-\x9f]")
_JIS = re.compile(rb"(\x1b(?:\$[@B]|\([BJ]))")
"""What switches between the character sets of ISO-2022-JP."""
_LONGEST = 60
_FALLBACK = "cp1252"


@cache
def _names() -> Mapping[str, str]:
    """Return every known name, normalised -> the codec of Python."""
    from encodings.aliases import aliases

    listed = frozenset(_CODECS.split())
    codec_names = {alias: codec for alias, codec in aliases.items() if codec in listed}
    return {**{name: name for name in listed}, **codec_names, **_MORE}


def codec_of(name: str) -> str | None:
    """Return the codec of Python for the name of a charset in an email.

    Args:
        name: in any case, perhaps with something behind it (``utf-8 (text)``).

    Returns:
        The name of the codec; ``None`` if the charset is not known here.
    """
    word = name.strip(" \t\"'").partition(" ")[0].rstrip(";,")[:_LONGEST]
    plain = re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_")
    names = _names()
    return names.get(plain) or names.get(plain.removeprefix("cs"))


def decode(data: bytes, name: str) -> str:
    """Return the text of some bytes; what cannot be decoded becomes U+FFFD.

    Where the charset is unknown or missing, the bytes are UTF-8 if they can be, else
    Windows-1252, which is what most programs without a charset write. Where it is too
    small for them, they are in the larger one that programs give its name.
    """
    codec = codec_of(name)
    if codec in (None, "ascii"):
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            codec = codec or _FALLBACK
    assert codec is not None
    if (text := _strictly(data, codec)) is not None:
        return text
    larger = _candidates(data, codec)[:2][-1]
    try:
        return data.decode(larger, errors="replace")
    except (ValueError, LookupError):  # for example UTF-16 with an odd number of bytes
        return data.decode("latin-1")


def _candidates(data: bytes, codec: str) -> tuple[str, ...]:
    """Return the codecs in which some bytes may be, the most probable first."""
    windows = _WINDOWS.get(codec)
    if windows and _C1.search(data):
        return (windows,)
    return (codec, *_WIDER.get(codec, ()))


def _strictly(data: bytes, codec: str) -> str | None:
    """Return the text of some bytes; ``None`` if not all of them can be decoded."""
    for candidate in _candidates(data, codec):
        with suppress(ValueError, LookupError):
            return data.decode(candidate)
    with suppress(ValueError):
        return _from_jis(data) if codec.startswith("iso2022_jp") else None
    return None


def _from_jis(data: bytes) -> str:
    """Decode ISO-2022-JP with characters of NEC or IBM, as Windows writes it.

    Raises:
        ValueError: it is something else.
    """
    texts, is_double = [], False
    for number, piece in enumerate(_JIS.split(data)):
        if number % 2:
            is_double = piece.startswith(b"\x1b$")
        elif is_double:
            texts.append(bytes(byte | 0x80 for byte in piece).decode("euc_jis_2004"))
        else:
            texts.append(piece.decode("ascii"))
    return "".join(texts)


def decode_beginning(data: bytes, name: str, size: int) -> str:
    """Return the text of the first bytes of a larger text.

    Args:
        name: of the charset.
        size: how many bytes; a character that is cut in two there is left out.
    """
    first = data[:size]
    codec = codec_of(name) or "utf-8"
    if len(first) == len(data):
        return decode(data, name)
    if codec == "ascii":
        codec = "utf-8"
    for candidate in _candidates(first, codec):
        with suppress(ValueError):
            return codecs.getincrementaldecoder(candidate)("strict").decode(first)
    return decode(first, name)
