"""Files made to do harm, or broken: each is refused by name, in little memory."""

import random
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.sheets.places import OLE
from app.sheets.recognizing import open_file
from app.sheets.troubles import LIMITS, Limits, Refused, Trouble
from tests.sheets.files import HEADER, packed, sheet_xml, tampered, text, workbook, zipped

MB = 1024**2
LAUGHS = '<!DOCTYPE w [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True)
) + "]>"  # fmt: skip
CELL = '<c r="A1" t="inlineStr"><is><t>{}</t></is></c>'


@contextmanager
def within(megabytes: float) -> Iterator[None]:
    """Never more memory than this."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < megabytes * MB, f"{peak / MB:.1f} MB"


def refusal(path: Path, limits: Limits = LIMITS) -> Refused:
    """Why the file is not read, at the latest when all its rows are."""
    with pytest.raises(Refused) as caught:
        sum(table.count() for table in open_file(path, limits=limits).tables)
    return caught.value


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


TEXTS = {
    "nothing": (b"", Trouble.EMPTY),
    "only blank lines": (b"\n\r\n,,\n", Trouble.EMPTY),
    "only a mark": (b"\xef\xbb\xbf", Trouble.EMPTY),
    "only a header": (b"Parent email,Student ID\n", Trouble.HEADER_ONLY),
    "a NUL": (b"Parent email,Student ID\na@x.org,1\0\n" + b"b" * 100, Trouble.NUL),
    "a NUL far down": (b"Parent email,Student ID\n" + b"a@x.org,1\n" * 9_000 + b"a\0,1\n", Trouble.NUL),
    "nothing but NULs": (bytes(100_000), Trouble.BINARY),
    "a PDF": (b"%PDF-1.7\n1 0 obj\n", Trouble.BINARY),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Trouble.BINARY),
    "noise": (random.Random(1).randbytes(5_000), Trouble.BINARY),  # noqa: S311
    "gzip": (b"\x1f\x8b\x08\0\0\0\0\0", Trouble.BINARY),
    "an old workbook": (OLE + bytes(600), Trouble.OLD_OR_LOCKED),
    "half a character of UTF-16": (b"\xff\xfea\0,\0b\0\n\0\x00\xd8\n\0", Trouble.ENCODING),
    "a quote that stays open": (b'Parent email,Student ID\n"a@x.org,1\nb@x.org,2\n', Trouble.OPEN_QUOTE),
    "an endless row of cells": (b"Parent email,Student ID\n" + b'"\n",' * 300_000, Trouble.OPEN_QUOTE),
    "10,000 columns": (b"Parent email,Student ID\n" + b"a," * 10_000 + b"a\n", Trouble.COLUMNS),
    "a long cell": (b"Parent email,Student ID\na@x.org," + b"1" * 2_001 + b"\n", Trouble.LONG_CELL),
    "a very long cell": (b"Parent email,Student ID\na@x.org," + b"1" * 200_000 + b"\n", Trouble.LONG_LINE),
    "one long line": (b"a" * 20 * MB, Trouble.LONG_LINE),
    "one long line without a letter": (b"," * 20 * MB, Trouble.LONG_LINE),
    "one long row of quotes": (b'Parent email,Student ID\n"' + b'""' * 5 * MB, Trouble.LONG_LINE),
    "one long row of line ends": (b'Parent email,Student ID\n"' + b"\n" * MB, Trouble.OPEN_QUOTE),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_is_refused(tmp_path: Path, name: str) -> None:
    content, trouble = TEXTS[name]
    path = written(tmp_path / "a.csv", content)

    with within(15):
        assert refusal(path).trouble is trouble


def test_a_refusal_names_the_row_and_the_column(tmp_path: Path) -> None:
    path = text(tmp_path / "a.csv", "Parent email,Student ID\na@x.org,1\n\nb@x.org," + "1" * 3_000 + "\n")

    refused = refusal(path)

    assert refused.said == "sheets.long_cell"
    assert refused.facts == {"row": 4, "column": 2, "limit": 2_000}


def test_half_characters_in_utf8_are_read_as_something_else_or_refused(tmp_path: Path) -> None:
    (table,) = open_file(written(tmp_path / "a.csv", b"Parent,Student\n\xed\xa0\x80,1\n")).tables

    assert table.count() == 1
    assert all(not 0xD800 <= ord(letter) <= 0xDFFF for row in table.rows() for letter in "".join(row.cells))


def test_a_file_of_a_gigabyte_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as sparse:
        sparse.truncate(1024 * MB)

    with within(1):
        assert refusal(path).trouble is Trouble.BYTES


def test_more_rows_than_allowed_are_refused_by_the_first_too_many(tmp_path: Path) -> None:
    path = text(tmp_path / "a.csv", "Parent email,Student ID\n" + "a@x.org,1\n" * 11)

    assert refusal(path, Limits(rows=10)).facts == {"limit": 10}
    assert open_file(path, limits=Limits(rows=11)).tables[0].count() == 11


def locked(path: Path) -> Path:
    content = bytearray(zipped(path, users__csv="user_id,login_id\n1,1\n").read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return written(path, bytes(content))


def lying(path: Path) -> Path:
    """Says that its 20 MB are 100 bytes."""
    content = zipped(path, users__csv="user_id,login_id\n" + "1,1\n" * 5 * MB).read_bytes()
    return written(path, content.replace(struct.pack("<L", 17 + 20 * MB), struct.pack("<L", 100)))


def cut(path: Path) -> Path:
    return written(path, zipped(path, users__csv="user_id,login_id\n1,1\n").read_bytes()[:-30])


def flipped(path: Path) -> Path:
    content = bytearray(zipped(path, users__csv="user_id,login_id\n" + "1,1\n" * 100).read_bytes())
    content[45] ^= 0xFF
    return written(path, bytes(content))


def otherwise_packed(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("users.csv", "user_id,login_id\n1,1\n")
    return path


ZIPS: dict[str, tuple[Callable[[Path], Path], Trouble]] = {
    "of zips": (lambda path: zipped(path, lib0__zip=packed(a__csv=b"a,b\n1,2")), Trouble.ZIP_NESTED),
    "of a workbook": (lambda path: zipped(path, a__xlsx=packed(a__csv=b"a,b\n1")), Trouble.ZIP_WORKBOOK),
    "of a zip with another name": (
        lambda path: zipped(path, a__csv=packed(a__csv=b"a,b\n1")),
        Trouble.ZIP_NESTED,
    ),
    "that swells": (lambda path: zipped(path, users__csv=bytes(30 * MB)), Trouble.ZIP_RATIO),
    "with many entries": (
        lambda path: zipped(path, **{f"{n}__csv": b"" for n in range(1_001)}),
        Trouble.ZIP_ENTRIES,
    ),
    "that leads up": (lambda path: zipped(path, **{"../../etc/users.csv": b"a"}), Trouble.ZIP_NAME),
    "that leads to the root": (lambda path: zipped(path, **{"/etc/users.csv": b"a"}), Trouble.ZIP_NAME),
    "that leads to a drive": (lambda path: zipped(path, **{"C:users.csv": b"a"}), Trouble.ZIP_NAME),
    "with backslashes": (lambda path: zipped(path, **{"..\\users.csv": b"a"}), Trouble.ZIP_NAME),
    "under a password": (locked, Trouble.ZIP_LOCKED),
    "that lies about its size": (lying, Trouble.DAMAGED_ZIP),
    "that is cut off": (cut, Trouble.DAMAGED_ZIP),
    "that is damaged": (flipped, Trouble.DAMAGED_ZIP),
    "packed otherwise": (otherwise_packed, Trouble.DAMAGED_ZIP),
    "without anything": (zipped, Trouble.ZIP_NOTHING),
    "of other things": (lambda path: zipped(path, a__png=b"\x89PNG"), Trouble.ZIP_NOTHING),
    "of another program": (lambda path: zipped(path, content__xml=b"<a/>"), Trouble.OTHER_PROGRAM),
}


@pytest.mark.parametrize("name", ZIPS)
def test_a_hostile_zip_is_refused(tmp_path: Path, name: str) -> None:
    make, trouble = ZIPS[name]
    path = make(tmp_path / "a.zip")

    with within(15):
        assert refusal(path).trouble is trouble


def test_a_zip_is_refused_by_its_size_even_where_it_does_not_swell(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", users__csv="user_id,login_id\n1,1\n")

    assert refusal(path, Limits(zip_size=10)).trouble is Trouble.ZIP_SIZE


def rows_xml(rows: str) -> bytes:
    return sheet_xml(f"<sheetData>{rows}</sheetData>")


PARTS: dict[str, tuple[dict[str, bytes], Trouble]] = {
    "a billion laughs": (
        {"sheet1": sheet_xml(f"<sheetData><row>{CELL.format('&i;')}</row></sheetData>", LAUGHS)},
        Trouble.UNSAFE_WORKBOOK,
    ),
    "a foreign file": (
        {"sheet1": sheet_xml("<sheetData/>", '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>')},
        Trouble.UNSAFE_WORKBOOK,
    ),
    "laughs in its table of contents": ({"workbook": sheet_xml("&i;", LAUGHS)}, Trouble.UNSAFE_WORKBOOK),
    "a deep nest": ({"sheet1": sheet_xml("<a>" * 100_000)}, Trouble.UNSAFE_WORKBOOK),
    "a row without end": (
        {"sheet1": rows_xml("<row>" + "<c/>" * 500_000 + "</row>")},
        Trouble.UNSAFE_WORKBOOK,
    ),
    "a tag without end": ({"sheet1": sheet_xml(f'<a b="{"x" * 5 * MB}"/>')}, Trouble.UNSAFE_WORKBOOK),
    "a remark without end": ({"sheet1": sheet_xml(f"<!--{'x' * 5 * MB}-->")}, Trouble.UNSAFE_WORKBOOK),
    "a text without end": (
        {"sheet1": rows_xml(f"<row>{CELL.format('x' * 20 * MB)}</row>")},
        Trouble.UNSAFE_WORKBOOK,
    ),
    "links without end": ({"sheet1": sheet_xml("<hyperlink/>" * 600_000)}, Trouble.UNSAFE_WORKBOOK),
    "a long cell": ({"sheet1": rows_xml(f"<row>{CELL.format('x' * 3_000)}</row>")}, Trouble.LONG_CELL),
    "10,000 columns": (
        {"sheet1": rows_xml("<row>" + "<c><v>1</v></c>" * 10_000 + "</row>")},
        Trouble.COLUMNS,
    ),
    "no such style": ({"sheet1": rows_xml('<row><c s="99"><v>1</v></c></row>')}, Trouble.DAMAGED_WORKBOOK),
    "no such text": ({"sheet1": rows_xml('<row><c t="s"><v>99</v></c></row>')}, Trouble.DAMAGED_WORKBOOK),
    "no number": ({"sheet1": rows_xml("<row><c><v>NaN</v></c></row>")}, Trouble.DAMAGED_WORKBOOK),
    "a number without end": (
        {"sheet1": rows_xml(f"<row><c><v>{'9' * 5_000}</v></c></row>")},
        Trouble.DAMAGED_WORKBOOK,
    ),
    "XML that breaks off": ({"sheet1": b"<worksheet><sheetData><row>"}, Trouble.DAMAGED_WORKBOOK),
    "no XML": ({"workbook": b"hello"}, Trouble.DAMAGED_WORKBOOK),
    "no rows": ({"sheet1": rows_xml("")}, Trouble.EMPTY),
    "only a header": ({"sheet1": rows_xml(f"<row>{CELL.format('Student ID')}</row>")}, Trouble.HEADER_ONLY),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_hostile_workbook_is_refused(tmp_path: Path, name: str) -> None:
    parts, trouble = PARTS[name]
    honest = workbook(tmp_path / "honest.xlsx", One=[HEADER, ("a@x.org", "1")])
    path = tampered(tmp_path / "a.xlsx", honest, **parts)

    with within(40):
        assert refusal(path, Limits(zip_ratio=10_000)).trouble is trouble


def test_a_row_far_below_the_last_is_refused(tmp_path: Path) -> None:
    honest = workbook(tmp_path / "honest.xlsx", One=[HEADER, ("a@x.org", "1")])
    rows = '<row r="1"><c><v>1</v></c></row><row r="999999999"><c><v>1</v></c></row>'

    assert refusal(tampered(tmp_path / "a.xlsx", honest, sheet1=rows_xml(rows))).trouble is Trouble.ROWS


def test_a_workbook_that_swells_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    honest = workbook(tmp_path / "honest.xlsx", One=[HEADER, ("a@x.org", "1")])
    path = tampered(tmp_path / "a.xlsx", honest, sheet1=rows_xml("<row/>" * MB))

    with within(5):
        assert refusal(path).trouble is Trouble.ZIP_RATIO


def test_what_a_workbook_says_of_its_size_is_not_believed(tmp_path: Path) -> None:
    honest = workbook(tmp_path / "honest.xlsx", One=[HEADER, ("a@x.org", "1")])
    inside = '<dimension ref="A1:XFD1048576"/><sheetData>' + "<row><c><v>1</v></c></row>" * 2 + "</sheetData>"

    with within(10):
        (table,) = open_file(tampered(tmp_path / "a.xlsx", honest, sheet1=sheet_xml(inside))).tables
        assert table.count() == 2


def test_a_workbook_that_lacks_a_part_is_refused(tmp_path: Path) -> None:
    honest = workbook(tmp_path / "honest.xlsx", One=[HEADER, ("a@x.org", "1")])
    with zipfile.ZipFile(honest) as archive:
        names = archive.namelist()
    for missing in names:
        with zipfile.ZipFile(honest) as old, zipfile.ZipFile(tmp_path / "a.xlsx", "w") as new:
            for name in names:
                if name != missing:
                    new.writestr(name, old.read(name))
        assert outcome(tmp_path / "a.xlsx") in (
            1,
            Trouble.DAMAGED_WORKBOOK,
            Trouble.EMPTY,
            Trouble.ZIP_NOTHING,
        )


def outcome(path: Path) -> int | Trouble:
    try:
        return sum(table.count() for table in open_file(path).tables)
    except Refused as refused:
        return refused.trouble


def test_macros_are_left_where_they_are(tmp_path: Path) -> None:
    honest = workbook(tmp_path / "honest.xlsx", One=[HEADER, ("a@x.org", "1")])
    with zipfile.ZipFile(honest, "a") as archive:
        archive.writestr("xl/vbaProject.bin", OLE + bytes(1_000))

    assert open_file(honest.rename(tmp_path / "a.xlsm")).tables[0].count() == 1
