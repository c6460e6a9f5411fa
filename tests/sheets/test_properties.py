"""What holds for every file."""

import codecs
import contextlib
import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sheets import pairs as pairing
from app.sheets import writing
from app.sheets.columns import guess
from app.sheets.decoding import ENCODINGS
from app.sheets.delimited import DELIMITERS
from app.sheets.recognizing import Choices, open_file
from app.sheets.troubles import Refused
from tests.sheets.files import HEADER, workbook, zipped

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")

Rows = list[list[str]]
TITLES = ["A", "B", "C"]
LETTERS = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\r\n")
ANYTHING = st.text(LETTERS, max_size=20)
PIECES = st.sampled_from(
    [
        *(b"\0", b'"', b"'", b",", b";", b"\r", b"\n", b"\xff\xfe", b"PK\x03\x04", b"sep=", b"=1+1", b""),
        *(b"<", b"&a;", b">", b"<row>", b"</row>", b' r="ZZ99"', b' t="d"', b' s="5"', b"-1", b"1e999"),
        *(b"99999999999", b"\xed\xa0\x80"),
    ]
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def full(rows: Rows) -> list[tuple[str, ...]]:
    """Rows as a table gives them: without blank cells at the end, without blank rows."""
    kept = []
    for row in rows:
        cells = list(row)
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            kept.append(tuple(cells))
    return kept


def survives(cell: str, encoding: str) -> bool:
    """Some letters of Japanese encodings come back as others."""
    return cell.encode(encoding).decode(encoding) == cell


def read_back(path: Path, choices: Choices) -> list[tuple[str, ...]]:
    (table,) = open_file(path, choices).tables
    assert table.header == tuple(TITLES)
    return [row.cells for row in table.rows()]


def rows_of(cells: st.SearchStrategy[str]) -> st.SearchStrategy[Rows]:
    return st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=5).filter(full)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonRoundTrippableCharactersWarning")
@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=15, deadline=None)
@given(data=st.data(), delimiter=st.sampled_from(DELIMITERS))
def test_what_is_written_is_read_again(
    folder: Path, encoding: str, data: st.DataObject, delimiter: str
) -> None:
    possible = st.characters(codec=encoding, exclude_characters="\0", exclude_categories=["Cs"])
    rows = data.draw(rows_of(st.text(possible, max_size=20).filter(lambda cell: survives(cell, encoding))))
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([TITLES, *rows])
    path = folder / "a.csv"
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(encoding, b"")
    path.write_bytes(mark + out.getvalue().encode(encoding))

    assert read_back(path, Choices(encoding, delimiter, header_row=1)) == full(rows)


@settings(max_examples=100, deadline=None)
@given(rows=rows_of(ANYTHING))
def test_what_we_write_for_canvas_we_read_without_being_told_how(folder: Path, rows: Rows) -> None:
    path = folder / "a.csv"
    path.write_bytes(b"".join(writing.for_canvas(TITLES, rows)))

    assert read_back(path, Choices(delimiter=",", header_row=1)) == full(rows)


@settings(max_examples=100, deadline=None)
@given(rows=rows_of(ANYTHING))
def test_nothing_we_write_for_people_begins_like_a_formula(folder: Path, rows: Rows) -> None:
    path = folder / "a.csv"
    path.write_bytes(b"".join(writing.for_people(TITLES, rows)))

    read = read_back(path, Choices(delimiter=",", header_row=1))

    assert not any(cell.startswith(writing.RUNS) for cells in read for cell in cells)
    assert [[cell.removeprefix("'") for cell in cells] for cells in read] == [
        [cell.removeprefix("'") for cell in cells] for cells in full(rows)
    ]


@settings(max_examples=30, deadline=None)
@given(rows=rows_of(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), max_size=20)))
def test_a_workbook_keeps_text_as_it_is(folder: Path, rows: Rows) -> None:
    as_text = [[cell.lstrip("=") for cell in row] for row in rows]
    path = workbook(folder / "a.xlsx", One=[TITLES, *as_text, ["end"]])

    assert read_back(path, Choices(header_row=1)) == full([*as_text, ["end"]])


def read_all(path: Path) -> None:
    """Everything that is ever done with a file, which may refuse it."""
    with contextlib.suppress(Refused):
        for table in open_file(path).tables:
            list(pairing.pairs(table.rows(), guess(table)))
            list(table.records())


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=300) | st.lists(PIECES | st.binary(max_size=5), max_size=60).map(b"".join))
def test_no_bytes_raise_anything_but_a_refusal(folder: Path, content: bytes) -> None:
    path = folder / "any"
    path.write_bytes(content)

    read_all(path)


@settings(max_examples=100, deadline=None)
@given(
    content=st.lists(ANYTHING | st.sampled_from([*DELIMITERS, "\n", "\r", '"', "a@x.org", "Student 2 ID"]))
)
def test_no_text_raises_anything_but_a_refusal(folder: Path, content: list[str]) -> None:
    path = folder / "any"
    path.write_text("Parent email,Student ID\n" + "".join(content), newline="")

    read_all(path)


@pytest.fixture(scope="module")
def honest(folder: Path) -> dict[str, bytes]:
    sheet = workbook(folder / "h.xlsx", One=[HEADER, ("a@x.org", 12), ("b@x.org", "S")], Two=[["x"], [1.5]])
    archive = zipped(
        folder / "h.zip", users__csv="user_id,login_id\n1,1\n", b__csv="observer_id,student_id\n1,2\n"
    )
    return {"workbook": sheet.read_bytes(), "zip": archive.read_bytes()}


@pytest.mark.parametrize("kind", ["workbook", "zip"])
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_no_damage_raises_anything_but_a_refusal(
    folder: Path, honest: dict[str, bytes], kind: str, data: st.DataObject
) -> None:
    content = honest[kind]
    at = data.draw(st.integers(0, len(content)))
    piece = data.draw(PIECES | st.binary(max_size=8))
    path = folder / "any"
    path.write_bytes(content[:at] + piece + content[at + data.draw(st.integers(0, 8)) :])

    read_all(path)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_no_damage_inside_a_workbook_raises_anything_but_a_refusal(
    folder: Path, honest: dict[str, bytes], data: st.DataObject
) -> None:
    path = folder / "any"
    with zipfile.ZipFile(io.BytesIO(honest["workbook"])) as old:
        damaged = data.draw(st.sampled_from(old.namelist()))
        with zipfile.ZipFile(path, "w") as new:
            for name in old.namelist():
                content = old.read(name)
                if name == damaged:
                    at = data.draw(st.integers(0, len(content)))
                    piece = data.draw(PIECES | st.binary(max_size=4))
                    content = content[:at] + piece + content[at + data.draw(st.integers(0, 12)) :]
                new.writestr(name, content)

    read_all(path)
