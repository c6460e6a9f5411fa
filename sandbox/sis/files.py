"""The CSV files of an upload: what they are called, of which kind they are, and their rows."""

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

BOM = "\ufeff"
LARGEST_UNZIPPED = 50 * 1024**3
LARGEST_RATIO = 100
IGNORED = re.compile(r"__macosx|desktop d[bf]|(?:\A|/)\.", re.IGNORECASE)
# A record that has quotes only where CSV allows them; the csv module alone would let `a"b` pass.
FIELD = r'(?:"[^"]*(?:""[^"]*)*"|[^",\r\n]*)'
RECORD = re.compile(rf"(?:{FIELD},)*{FIELD}(?:\r\n|\r|\n)?")

Headers = frozenset[str]


def _is_enrollment(headers: Headers) -> bool:
    """A place and a person, each in one of two ways."""
    return bool(headers & {"section_id", "course_id"} and headers & {"user_id", "user_integration_id"})


# Kinds by their headers, in the order in which Canvas recognizes and imports them (`SIS::CSV::*Importer`).
KINDS: dict[str, Callable[[Headers], bool]] = {
    "term": lambda headers: headers >= {"term_id", "name"},
    "course": lambda headers: headers >= {"course_id", "short_name"},
    "section": lambda headers: headers >= {"section_id", "name"},
    "user": lambda headers: headers >= {"user_id", "login_id"},
    "enrollment": _is_enrollment,
    "user_observer": lambda headers: headers >= {"observer_id", "student_id"},
}


class Malformed(Exception):
    """Text that is no CSV."""


class Refused(Exception):
    """An upload that is not unpacked at all."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of an upload; a member of a zip is read out of it as it is needed."""

    name: str
    content: bytes
    member: str | None = None

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Its bytes."""
        if self.member is None:
            yield io.BytesIO(self.content)
            return
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive, archive.open(self.member) as opened:
            yield opened

    def size(self) -> int:
        """Its length in bytes."""
        if self.member is None:
            return len(self.content)
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            return archive.getinfo(self.member).file_size

    def is_utf8(self) -> bool:
        """Whether all of it is UTF-8."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            with self.opened() as source:
                while piece := source.read(65536):
                    decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
        return True

    def headers(self) -> Headers | None:
        """The column names in lower case; None when the file is empty."""
        first = next(self._records(), None)
        return None if first is None else frozenset(_header_names(first))

    def count(self) -> int:
        """How many rows there are below the headers."""
        return max(sum(1 for _ in self._records()) - 1, 0)

    def rows(self) -> Iterator[dict[str, str]]:
        """The rows below the headers, values stripped; a missing value is blank."""
        records = self._records()
        names = _header_names(next(records, []))
        for record in records:
            values = (value.strip() for value in record)
            yield dict(zip(names, [*values, *[""] * (len(names) - len(record))], strict=False))

    def _records(self) -> Iterator[list[str]]:
        """All records but blank ones, the headers first; raises Malformed."""
        with self.opened() as source:
            read: list[str] = []
            text = io.TextIOWrapper(source, encoding="utf-8", newline="")
            try:
                for record in csv.reader(_noted(text, read), strict=True):
                    raw = "".join(read)
                    read.clear()
                    if '"' in raw and not RECORD.fullmatch(raw):
                        raise Malformed
                    if record:
                        yield record
            except csv.Error:
                raise Malformed from None


def _noted(lines: Iterator[str], read: list[str]) -> Iterator[str]:
    """The lines, each also left in `read`; a byte order mark is taken off."""
    for line in lines:
        line = line.removeprefix(BOM)
        read.append(line)
        yield line


def _header_names(record: list[str]) -> list[str]:
    return [name.strip().lower() for name in record]


def unpack(file_name: str, content: bytes) -> list[Upload]:
    """The files of an upload by name; refuses a zip that would swell beyond all measure."""
    if not file_name.lower().endswith(".zip"):
        return [Upload(file_name, content)]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [each for each in archive.infolist() if not each.is_dir()]
    swollen = sum(each.file_size for each in members)
    if swollen > min(LARGEST_UNZIPPED, LARGEST_RATIO * len(content)):
        raise Refused
    names = sorted(each.filename for each in members if not IGNORED.search(each.filename))
    return [Upload(name, content, name) for name in names]


def kind_of(headers: Headers) -> str | None:
    """The kind of file with these headers."""
    return next((kind for kind, fits in KINDS.items() if fits(headers)), None)
