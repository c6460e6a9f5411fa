"""What a file is, whatever it is called and however it is written."""

from datetime import date, datetime, time
from pathlib import Path

import pytest
from openpyxl import Workbook

from app.sheets.kinds import Kind
from app.sheets.recognizing import Choices, as_sheet, open_file
from app.sheets.tables import Table
from app.sheets.troubles import Refused, Trouble
from tests.facts import fact
from tests.sheets.files import HEADER, text, workbook, zipped

NAMES = {
    "cp1252": "Correo,Alumno\r\njose@x.org,José Muñoz Peña\r\nana@x.org,María Íñiguez\r\n",
    "iso8859_15": "Prénom;Élève\nFrançois;Zoé Lefèvre\nHélène;Benoît Côté\n",
    "mac_roman": "Prénom;Élève\nFrançois;Zoé Lefèvre\nHélène;Benoît Côté\nJörg;Müller\n",
    "cp1250": "Žák;Rodič\nŘehoř Dvořák;Šárka Nováková\nLukáš Černý;Jiří Kovář\n",
    "cp1251": "Ученик;Родитель\nИван Петров;Мария Иванова\n",
    "cp932": "生徒,保護者\n山田太郎,山田花子\n佐藤一郎,佐藤美咲\n",
    "gb18030": "学生,家长\n王小明,王大伟\n李娜,李建国\n",
    "cp1256": "الطالب,ولي الأمر\nمحمد علي,فاطمة أحمد\n",
    "utf-8": "Prénom;Élève\nJosé;学生\n",
    "utf-8-sig": "Prénom;Élève\nJosé;学生\n",
    "utf-16": "Prénom;Élève\nJosé;学生\n",
    "utf-16-le": "Prénom;Élève\nJosé;Zoé Lefèvre\n",
    "utf-16-be": "Prénom;Élève\nJosé;Zoé Lefèvre\n",
    "utf-32": "Prénom;Élève\nJosé;学生\n",
}


def only(path: Path, choices: Choices | None = None) -> Table:
    (table,) = open_file(path, choices or Choices()).tables
    return table


def cells(table: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in table.rows()]


def refusal(path: Path, choices: Choices | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        open_file(path, choices or Choices())
    return caught.value


@pytest.mark.parametrize("encoding", NAMES)
def test_names_are_read_in_the_encoding_they_were_written_in(tmp_path: Path, encoding: str) -> None:
    content = NAMES[encoding]

    table = only(text(tmp_path / "a.csv", content, encoding))

    sign = ";" if ";" in content else ","
    lines = [tuple(line.split(sign)) for line in content.splitlines()]
    assert [table.header, *cells(table)] == lines


def test_a_person_may_correct_the_encoding_and_the_delimiter(tmp_path: Path) -> None:
    path = text(tmp_path / "a.csv", "Eltern|Schüler\nJörg,Groß|Übel\n", "cp850")

    table = only(text(path, "Eltern|Schüler\nJörg,Groß|Übel\n", "cp1252"), Choices("cp1252", "|"))

    assert cells(table) == [("Jörg,Groß", "Übel")]
    assert refusal(path, Choices("utf-8")).trouble is Trouble.ENCODING
    assert refusal(path, Choices("klingon")).trouble is Trouble.ENCODING


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_cuts_rows_evenly(tmp_path: Path, sign: str) -> None:
    rows = [("Parent", "Student", "Notes"), ("a@x.org", "Doe, Jane", "x; y"), ("b@x.org", "Roe, R.", "a|b")]
    lines = [sign.join(f'"{cell}"' if sign in cell else cell for cell in row) for row in rows]

    table = only(text(tmp_path / "a.csv", "\n".join(lines)))

    assert [table.header, *cells(table)] == rows


def test_the_delimiter_that_excel_names_is_taken_and_its_line_not_counted(tmp_path: Path) -> None:
    table = only(text(tmp_path / "a.csv", "sep=;\r\nParent, or so;Student\r\na,b;c\r\n"))

    assert [row.number for row in table.rows()] == [2]
    assert cells(table) == [("a,b", "c")]


def test_mixed_line_ends_blank_lines_and_titles_keep_the_numbers_a_person_sees(tmp_path: Path) -> None:
    content = (
        'Our school\r\n\r\nPrinted on 2026-11-23,,\r\nParent email,Student ID\ra@x.org,"S\r\n1"\n\nb@x.org,2'
    )

    table = only(text(tmp_path / "a.csv", content))

    assert table.header_row == 4
    assert table.header == HEADER
    assert [(row.number, row.cells) for row in table.rows()] == [
        (5, ("a@x.org", "S\r\n1")),
        (7, ("b@x.org", "2")),
    ]


def test_a_sheet_without_a_header_begins_with_its_first_row(tmp_path: Path) -> None:
    table = only(text(tmp_path / "a.csv", "a@x.org,S1\nb@x.org,S2\n"))

    assert (table.header_row, table.header) == (0, ())
    assert table.count() == 2


def test_a_person_may_say_which_row_is_the_header(tmp_path: Path) -> None:
    path = text(tmp_path / "a.csv", "one,two\nthree,four\na@x.org,S1\n")

    assert only(path, Choices(header_row=2)).header == ("three", "four")
    assert only(path, Choices(header_row=0)).count() == 3


def test_a_workbook_gives_what_a_person_sees_in_it(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADER)
    sheet.append(["00123", 12345.0, 7, 0.5, True, date(2026, 11, 23), datetime(2026, 1, 2, 3, 4), time(5, 6)])
    sheet["C2"].number_format = "00000"
    sheet["A5"] = "last"
    book.save(tmp_path / "a.xlsx")

    rows = list(only(tmp_path / "a.xlsx").rows())

    assert rows[0].cells == (
        "00123", "12345", "00007", "0.5", "TRUE", "2026-11-23", "2026-01-02 03:04:00", "05:06:00",
    )  # fmt: skip
    assert [row.number for row in rows] == [2, 5]


def test_the_error_of_a_formula_is_a_blank_cell(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", One=[HEADER, ("a@x.org", "1"), ("#N/A", "2"), ("b@x.org", "#REF!")])

    assert cells(only(path)) == [("a@x.org", "1"), ("", "2"), ("b@x.org",)]


def test_the_sheets_of_a_workbook_can_be_chosen(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", First=[HEADER, ("a@x.org", "1")], Second=[HEADER, ("b@x.org", "2")])

    assert open_file(path).sheets == ("First", "Second")
    assert cells(only(path)) == [("a@x.org", "1")]
    assert cells(only(path, Choices(sheet="Second"))) == [("b@x.org", "2")]
    assert refusal(path, Choices(sheet="Third")).facts == {"name": "Third"}


def test_a_first_sheet_that_only_explains_is_passed_over(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx", Blank=[], Help=[["How to fill this in"]], Data=[HEADER, ("a@x.org", "1")]
    )

    assert cells(only(path)) == [("a@x.org", "1")]
    assert refusal(path, Choices(sheet="Help")).trouble is Trouble.HEADER_ONLY


def test_a_workbook_with_a_wrong_name_is_still_a_workbook(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.csv", One=[HEADER, ("a@x.org", "1")])

    assert cells(only(path)) == [("a@x.org", "1")]


@fact("rest 6.2", "A SIS file is recognized by its header names in lower case and not by its file name.")
@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("User_ID,login_id,status", Kind.USERS),
        ("OBSERVER_ID, student_id,status", Kind.USER_OBSERVERS),
        ("course_id,user_id,role,status", Kind.ENROLLMENTS),
        ("section_id,user_integration_id,role", Kind.ENROLLMENTS),
        ("observer,student_id", Kind.SHEET),
    ],
)
def test_a_canvas_file_is_known_by_its_header(tmp_path: Path, header: str, kind: Kind) -> None:
    table = only(text(tmp_path / "letters.txt", f"{header}\nU1,U2,active\n"))

    assert table.kind is kind


def test_a_canvas_file_gives_its_rows_by_column(tmp_path: Path) -> None:
    table = only(text(tmp_path / "a.csv", "User_ID,login_id,status\nU1, u1 ,active\nU2,u2\n"))

    assert list(table.records()) == [
        (2, {"user_id": "U1", "login_id": "u1", "status": "active"}),
        (3, {"user_id": "U2", "login_id": "u2", "status": ""}),
    ]
    assert as_sheet(table).kind is Kind.SHEET


@pytest.mark.parametrize("make", ["text", "workbook", "zip"])
def test_a_person_may_say_that_it_is_their_own_sheet(tmp_path: Path, make: str) -> None:
    rows = [("observer_id", "student_id", "observer_email"), ("P1", "S1", "a@x.org")]
    content = "\n".join(",".join(row) for row in rows)
    path = {
        "text": lambda: text(tmp_path / "a.csv", content),
        "workbook": lambda: workbook(tmp_path / "a.xlsx", One=rows),
        "zip": lambda: zipped(tmp_path / "a.zip", one__csv=content),
    }[make]()

    (guessed,), (own,) = open_file(path).tables, open_file(path, Choices(own_sheet=True)).tables

    assert (guessed.kind, own.kind) == (Kind.USER_OBSERVERS, Kind.SHEET)


def test_a_zip_may_hold_many_canvas_files_and_others_are_left_aside(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "a.zip",
        users__csv="user_id,login_id,status\nU1,u1,active\n",
        user_observers__csv="observer_id,student_id,status\nU1,U2,active\n",
        terms__csv="term_id,name\nT,Term\n",
        picture__png=b"\x89PNG\r\n",
        empty__csv=b"",
        **{"__MACOSX/x": b"junk"},
    )

    found = open_file(path)

    assert {table.name: table.kind for table in found.tables} == {
        "users.csv": Kind.USERS,
        "user_observers.csv": Kind.USER_OBSERVERS,
    }
    assert found.canvas
    assert set(found.skipped) == {"terms.csv", "picture.png", "empty.csv"}


def test_a_zip_may_hold_one_sheet_but_not_two_that_are_not_of_canvas(tmp_path: Path) -> None:
    sheet = "Parent email,Student ID\na@x.org,1\n"

    assert cells(only(zipped(tmp_path / "a.zip", one__csv=sheet))) == [("a@x.org", "1")]
    assert refusal(zipped(tmp_path / "b.zip", one__csv=sheet, two__csv=sheet)).trouble is Trouble.ZIP_NOTHING


def test_a_refusal_names_the_file_in_the_zip(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", users__csv='user_id,login_id\n"1,1\n')

    refused = refusal(path)

    assert (refused.trouble, refused.facts["file"]) == (Trouble.OPEN_QUOTE, "users.csv")
