"""In which encoding a text file is written."""

import codecs
import unicodedata
from collections import Counter
from itertools import pairwise
from typing import IO

import charset_normalizer

from app.sheets.places import BINARIES, OLE, Place, start_of
from app.sheets.troubles import Refused, Trouble

BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WESTERN = ("cp1252", "mac_roman", "cp1250", "iso8859_2", "cp1254", "iso8859_15")
OTHERS = (
    "cp1251",
    "koi8_r",
    "iso8859_5",
    "cp1256",
    "cp1253",
    "cp1255",
    "cp932",
    "euc_jp",
    "gb18030",
)
ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    *WESTERN,
    "iso8859_1",
    *OTHERS,
    "cp949",
)
LETTERS = tuple(
    frozenset(letters)
    for letters in (
        "áéíóúüñç",  # Spanish
        "àâçéèêëîïôùûüÿœæ",  # French
        "äöüßåæøéëï",  # German, Nordic, Dutch
        "áâãàçéêíóôõúü",  # Portuguese
        "àèéìòù",  # Italian
        "ąćęłńóśźż",  # Polish
        "áäčďéěíĺľňóôŕřšťúůýž",  # Czech, Slovak
        "áéíóöőúüű",  # Hungarian
        "čćđšž",  # Croatian, Slovenian
        "ăâîşţ",  # Romanian
        "çğıöşüâ",  # Turkish
    )
)
SIGNS = frozenset("¿¡ºª«»’‘“”–—…€°´·")
START = 65_536
SAMPLE = 16_384
PIECE = 8_192
FEW = 8  # signs nobody types, which a text may hold
CONTROLS = frozenset(range(32)) - set(b"\t\n\r\f\x1a\x1b\v")


def encoding_of(place: Place) -> str:
    """The encoding by mark, by form, or by a guess; refuses what is no text."""
    start = start_of(place, START)
    for mark, encoding in BOMS:
        if start.startswith(mark):
            return encoding
    if start.startswith(OLE):
        raise Refused(Trouble.OLD_OR_LOCKED)
    if start.startswith(BINARIES):
        raise Refused(Trouble.BINARY)
    if wide := _without_mark(start):
        return wide
    _refuse_binary(start)
    with place.opened() as source:
        sample = _not_utf8(source)
    return "utf-8" if sample is None else _guessed(sample)


def _without_mark(start: bytes) -> str | None:
    """UTF-16 that forgot to say so: every other byte of Western text is zero."""
    half = len(start) // 2
    if half < 2 or len(start) % 2:
        return None
    even, odd = start[::2].count(0), start[1::2].count(0)
    if odd > 0.6 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.6 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _refuse_binary(start: bytes) -> None:
    strange = sum(byte in CONTROLS for byte in start)
    if strange > FEW and strange > 0.05 * len(start):
        raise Refused(Trouble.BINARY)
    if 0 in start:
        raise Refused(Trouble.NUL)


def _not_utf8(source: IO[bytes]) -> bytes | None:
    """None when all of it is UTF-8; otherwise some of its lines that go beyond ASCII."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    sample = bytearray()
    valid = True
    while line := source.readline(PIECE):
        if not line.isascii() and len(sample) < SAMPLE:
            sample += line
        if valid:
            valid = _decodes(decoder, line)
        elif len(sample) >= SAMPLE:
            break
    return None if valid and _decodes(decoder, b"", final=True) else bytes(sample)


def _decodes(decoder: codecs.IncrementalDecoder, line: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(line, final)
    except UnicodeDecodeError:
        return False
    return True


def _guessed(sample: bytes) -> str:
    """By the letters: other scripts are told apart well, Western ones by what their words look like."""
    best = charset_normalizer.from_bytes(sample, cp_isolation=[*WESTERN, *OTHERS]).best()
    if best is not None and best.encoding in OTHERS:
        return best.encoding
    return max(WESTERN, key=lambda encoding: _likeness(sample, encoding))  # the first of equals


def _likeness(sample: bytes, encoding: str) -> float:
    """How much this reading looks like words of one language."""
    text = sample.decode(encoding, "replace")
    seen = Counter(letter for letter in text.lower() if letter > "\x7f")
    odd = sum(letter.isupper() and before.islower() for before, letter in pairwise(text))
    return max(sum(_worth(letter, own) * times for letter, times in seen.items()) for own in LETTERS) - odd


def _worth(letter: str, own: frozenset[str]) -> float:
    if letter in own or letter in SIGNS:
        return 1.0
    if letter == "\ufffd" or unicodedata.category(letter) == "Cc":
        return -3.0
    return 0.2 if letter.isalpha() else -0.5
