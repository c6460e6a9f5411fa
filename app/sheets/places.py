"""Where the bytes of one file are: on disk, or inside a zip on disk; and the rules for zips."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from app.sheets.troubles import Limits, Refused, Trouble, refusing

ZIP = b"PK\x03\x04"
EMPTY_ZIP = b"PK\x05\x06"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .xls, and .xlsx under a password
BINARIES = (
    b"%PDF", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"\x7fELF", b"MZ\x90", b"\x1f\x8b", b"7z\xbc\xaf",
    b"Rar!", b"BZh", b"\xfd7zXZ", b"SQLite format 3", b"{\\rtf", b"\xca\xfe\xba\xbe",
)  # fmt: skip
PACKED = (".zip", ".gz", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz")
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
IGNORED = re.compile(r"(?:\A|/)(?:__macosx(?:/|\Z)|\.|desktop\.ini\Z|thumbs\.db\Z)", re.IGNORECASE)
ABSOLUTE = re.compile(r"\A(?:/|\\|[A-Za-z]:)")
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
BREAKS_OFF = (zipfile.BadZipFile, zlib.error, EOFError)


@dataclass(frozen=True, slots=True)
class Place:
    """One file: a path, and the name inside when that is a zip."""

    path: Path
    entry: str | None = None

    @property
    def name(self) -> str:
        """The file's own name."""
        return PurePosixPath(self.entry).name if self.entry else self.path.name

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Its bytes, from the start."""
        if self.entry is None:
            with self.path.open("rb") as file:
                yield file
            return
        with archive_of(self.path) as archive:
            with refusing(Trouble.DAMAGED_ZIP):
                source = archive.open(self.entry)
            with source:
                try:
                    yield source
                except BREAKS_OFF as fault:
                    raise Refused(Trouble.DAMAGED_ZIP) from fault


@contextmanager
def archive_of(path: Path) -> Iterator[zipfile.ZipFile]:
    """The zip at this path."""
    with path.open("rb") as source:
        with refusing(Trouble.DAMAGED_ZIP):
            archive = zipfile.ZipFile(source)
        with archive:
            yield archive


def start_of(place: Place, length: int) -> bytes:
    """The first bytes."""
    with place.opened() as source:
        return source.read(length)


def entries(path: Path, limits: Limits) -> list[zipfile.ZipInfo]:
    """The files in a zip, after the rules that nothing needs to be unpacked for.

    What an entry says of its size may be a lie, but no more than that many bytes are ever unpacked.
    """
    with archive_of(path) as archive:
        found = archive.infolist()
    if len(found) > limits.zip_entries:
        raise Refused(Trouble.ZIP_ENTRIES, found=len(found), limit=limits.zip_entries)
    size = sum(each.file_size for each in found)
    if size > limits.zip_ratio_from and size > limits.zip_ratio * path.stat().st_size:
        raise Refused(Trouble.ZIP_RATIO, limit=limits.zip_ratio)
    if size > limits.zip_size:
        raise Refused(Trouble.ZIP_SIZE, found=size, limit=limits.zip_size)
    for each in found:
        _accept(each)
    return [each for each in found if not each.is_dir() and not IGNORED.search(each.filename)]


def _accept(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    if entry.flag_bits & 0x1:
        raise Refused(Trouble.ZIP_LOCKED, name=name)
    if entry.compress_type not in METHODS:
        raise Refused(Trouble.DAMAGED_ZIP)
    if ABSOLUTE.match(name) or "\\" in name or ".." in PurePosixPath(name).parts:
        raise Refused(Trouble.ZIP_NAME, name=name)


def refuse_nested(place: Place) -> None:
    """A zip in a zip is not opened, whatever it is called; nor is a workbook, which is one."""
    if place.name.lower().endswith(WORKBOOKS):
        raise Refused(Trouble.ZIP_WORKBOOK, name=place.entry or place.name)
    if place.name.lower().endswith(PACKED) or start_of(place, 4) in (ZIP, EMPTY_ZIP):
        raise Refused(Trouble.ZIP_NESTED, name=place.entry or place.name)
