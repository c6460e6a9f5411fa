"""What columns mean: guessed in nine languages, by header and by contents, and corrected by a person."""

import json
from pathlib import Path

import pytest

from app.sheets import pairs as pairing
from app.sheets.columns import Mapping, Meaning, guess
from app.sheets.pairs import Action, Given, Pair
from app.sheets.recognizing import as_sheet, open_file
from app.sheets.tables import Table
from app.sheets.words import Side
from tests.facts import fact
from tests.sheets.files import text

HEADERS = {
    "en": "Parent e-mail,Parent First Name,Surname of guardian,Student SIS ID,Student name,Course,Action",
    "es": "Correo electrónico del padre,Nombre de pila del padre,Apellidos del padre,Matrícula del alumno,"
    "Nombre del alumno,Asignatura,Acción",
    "fr": "Courriel du tuteur,Prénom du tuteur,Nom de famille du tuteur,Matricule de l'élève,Nom de l'élève,"
    "Cours,Statut",
    "de": "E-Mail-Adresse Elternteil,Vorname Elternteil,Nachname Elternteil,Schülernummer,"
    "Name des Schülers,Kurs,Aktion",
    "pt": "E-mail do responsável,Primeiro nome do responsável,Sobrenome do responsável,Matrícula do aluno,"
    "Nome completo do aluno,Disciplina,Ação",
    "zh": "家长邮箱,家长名字,家长姓氏,学生学号,学生姓名,课程,操作",
    "ar": "البريد الإلكتروني لولي الأمر,الاسم الأول لولي الأمر,اسم العائلة لولي الأمر,"
    "رقم الطالب,اسم الطالب,المقرر,الإجراء",
    "nl": "E-mail ouder,Voornaam ouder,Achternaam ouder,Leerlingnummer,Naam leerling,Vak,Actie",
    "it": "Email del genitore,First name genitore,Cognome del genitore,Matricola studente,"
    "Nome studente,Corso,Azione",
}
MEANT = [
    "observer.email",
    "observer.first_name",
    "observer.last_name",
    "student.sis_id",
    "student.name",
    "course",
    "action",
]


def table(path: Path, content: str) -> Table:
    (only,) = open_file(text(path / "a.csv", content)).tables
    return only


def meanings(found: Table) -> list[tuple[str, int]]:
    return [(each.meaning.value, each.nth) for each in guess(found).columns]


def pairs(found: Table) -> list[Pair]:
    return list(pairing.pairs(found.rows(), guess(found)))


@pytest.mark.parametrize("language", HEADERS)
def test_headers_are_understood_in_nine_languages(tmp_path: Path, language: str) -> None:
    found = table(tmp_path, f"{HEADERS[language]}\na@x.org,Ann,Doe,1001,Jane Doe,MATH,add\n")

    assert [meaning for meaning, _ in meanings(found)] == MEANT
    assert guess(found).missing == ()


def test_spelling_of_headers_does_not_matter(tmp_path: Path) -> None:
    found = table(tmp_path, "PARENT_EMAIL,studentId,  End--Date \na@x.org,1,2027-01-01\n")

    assert meanings(found) == [("observer.email", 1), ("student.sis_id", 1), ("end_date", 1)]


def test_contents_speak_where_headers_do_not(tmp_path: Path) -> None:
    found = table(tmp_path, "Mother,Student,Notes\na@x.org,1001,\nb@x.org,1002,late\n")

    assert meanings(found) == [("observer.email", 1), ("student.sis_id", 1)]


def test_columns_that_name_nobody_are_about_the_other_side(tmp_path: Path) -> None:
    found = table(tmp_path, "Name,ID,Parent email\nJane Doe,1001,a@x.org\n")

    assert meanings(found) == [("student.name", 1), ("student.sis_id", 1), ("observer.email", 1)]


def test_a_phone_number_is_not_taken_for_an_id(tmp_path: Path) -> None:
    found = table(tmp_path, "Parent email,Parent phone number,Student id\na@x.org,5551234,1001\n")

    assert meanings(found) == [("observer.email", 1), ("student.sis_id", 1)]


@pytest.mark.parametrize("header", ["Parent consent", "Parent signed", "Parent opt-out", "Consent"])
@pytest.mark.parametrize(
    "cells", [["yes"] * 5, ["1", "1", "0", "1"] * 2, [""] * 5], ids=["words", "bits", "blank"]
)
def test_what_a_parent_has_answered_is_not_their_id(tmp_path: Path, header: str, cells: list[str]) -> None:
    rows = [f"100{n},{cell}" for n, cell in enumerate(cells)]

    found = table(tmp_path, "\n".join([f"Student ID,{header}", *rows]))

    assert meanings(found) == [("student.sis_id", 1)]


def test_cells_that_look_like_ids_are_ids_though_some_come_twice(tmp_path: Path) -> None:
    found = table(tmp_path, "Student ID,Guardian\n1001,P1\n1002,P1\n1003,P2\n1004,P2\n")

    assert meanings(found) == [("student.sis_id", 1), ("observer.sis_id", 1)]


def test_a_sheet_that_names_no_student_says_so(tmp_path: Path) -> None:
    found = table(tmp_path, "Parent email,Parent name,Grade\na@x.org,Ann Doe,5\n")

    assert guess(found).missing == (Side.STUDENT,)


def test_a_header_that_agrees_with_its_contents_is_surer(tmp_path: Path) -> None:
    found = table(tmp_path, "Parent email,Student email,Mother\na@x.org,not known,x@y.org\n")

    sure, unsure, guessed = guess(found).columns
    assert sure.confidence > guessed.confidence > unsure.confidence


def test_two_parents_and_two_students_of_a_row_make_four_pairs(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        "Mother e-mail,Mother name,Father e-mail,Student 1 ID,Student 2 ID\n"
        "m@x.org,Mary,f@x.org,S1,S2\nm@x.org,,,S3,\n",
    )

    made = pairs(found)

    assert [(each.row, each.observer.email, each.student.sis_id) for each in made] == [
        (2, "m@x.org", "S1"),
        (2, "m@x.org", "S2"),
        (2, "f@x.org", "S1"),
        (2, "f@x.org", "S2"),
        (3, "m@x.org", "S3"),
    ]
    assert made[0].observer == Given(email="m@x.org", name="Mary")
    assert made[0].raw == ("m@x.org", "Mary", "f@x.org", "S1", "S2")


def test_the_same_header_twice_is_a_second_person(tmp_path: Path) -> None:
    found = table(tmp_path, "Parent email,Student ID,Student ID\na@x.org,S1,S2\n")

    assert [each.student.sis_id for each in pairs(found)] == ["S1", "S2"]


def test_a_row_that_leaves_somebody_out_is_not_lost(tmp_path: Path) -> None:
    found = table(tmp_path, "Parent email,Parent name,Student ID\n,Ann Doe,S1\nb@x.org,,\n")

    first, second = pairs(found)

    assert (first.observer.identified, first.observer.full_name) == (False, "Ann Doe")
    assert (second.observer.email, second.student) == ("b@x.org", Given())


@pytest.mark.parametrize(
    ("word", "action"),
    [
        ("", Action.ADD),
        ("Active", Action.ADD),
        ("Añadir", Action.ADD),
        ("hinzufügen", Action.ADD),
        ("إضافة", Action.ADD),
        ("DELETED", Action.REMOVE),
        ("supprimé", Action.REMOVE),
        ("löschen", Action.REMOVE),
        ("删除", Action.REMOVE),
        ("completed", Action.UNCLEAR),
        ("-", Action.UNCLEAR),
    ],
)
def test_the_word_of_an_action_is_understood_or_shown(tmp_path: Path, word: str, action: Action) -> None:
    (pair,) = pairs(table(tmp_path, f"Parent email,Student ID,Status\na@x.org,S1,{word}\n"))

    assert (pair.action, pair.action_given) == (action, word)


def test_a_person_corrects_a_column_and_it_is_kept_as_json(tmp_path: Path) -> None:
    found = table(tmp_path, "Parent email,Student ID\na@x.org,7\n")

    mapping = guess(found).corrected(1, Meaning.STUDENT_CANVAS_ID).corrected(0, None)
    kept = Mapping.from_json(json.loads(json.dumps(mapping.to_json())))

    assert kept == mapping
    assert kept.of(0) is None
    assert [(each.index, each.meaning, each.confidence) for each in kept.columns] == [
        (1, Meaning.STUDENT_CANVAS_ID, 1.0)
    ]


def test_two_columns_cannot_mean_the_same(tmp_path: Path) -> None:
    mapping = guess(table(tmp_path, "Parent email,Student ID,x\na@x.org,7,8\n")).corrected(
        2, Meaning.STUDENT_SIS_ID
    )

    assert [each.index for each in mapping.columns] == [0, 2]


@pytest.mark.parametrize(
    "kept",
    [
        [{"index": 0}],
        [{"index": -1, "meaning": "course", "nth": 1, "confidence": 1}],
        [{"index": 0, "meaning": "pet", "nth": 1, "confidence": 1}],
        [None],
        7,
    ],
)
def test_a_mapping_that_is_none_is_not_read(kept: list[dict[str, object]]) -> None:
    with pytest.raises(ValueError, match="mapping|Meaning"):
        Mapping.from_json(kept)


@fact("rest 6.3", "user_observers.csv has the columns observer_id, student_id and status, by SIS ids.")
def test_user_observers_needs_no_guessing(tmp_path: Path) -> None:
    found = table(tmp_path, "status,student_id,observer_id\nactive,S1,P1\ndeleted,S2,P1\n")

    assert [(each.observer.sis_id, each.student.sis_id, each.action) for each in pairs(found)] == [
        ("P1", "S1", Action.ADD),
        ("P1", "S2", Action.REMOVE),
    ]
    assert {each.confidence for each in guess(found).columns} == {1.0}
    assert {meaning for meaning, _ in meanings(as_sheet(found))} == {
        "action",
        "student.sis_id",
        "observer.sis_id",
    }


@fact("rest 6.4", "enrollments.csv names an observer's student in associated_user_id.")
def test_of_enrollments_the_rows_of_others_say_so(tmp_path: Path) -> None:
    found = table(
        tmp_path,
        "course_id,user_id,role,status,associated_user_id\nC1,S1,student,active,\nC1,P1,observer,active,S1\n",
    )

    other, pair = pairs(found)

    assert (other.row, other.role) == (2, "student")
    assert (pair.row, pair.observer.sis_id, pair.student.sis_id, pair.course.sis_id) == (3, "P1", "S1", "C1")
    assert pair.role == ""


@pytest.mark.parametrize(
    ("role", "number", "others"),
    [
        ("", "", ""),
        ("Observer", "", ""),
        ("ObserverEnrollment", "7", ""),
        ("Parent", "", "Parent"),
        ("", "7", "7"),
    ],
)
def test_a_role_that_may_be_somebody_elses_is_told(
    tmp_path: Path, role: str, number: str, others: str
) -> None:
    found = table(
        tmp_path,
        f"course_id,user_id,role,role_id,status,associated_user_id\nC1,P1,{role},{number},active,S1\n",
    )

    assert [pair.role for pair in pairs(found)] == [others]


def test_users_csv_has_no_pairs(tmp_path: Path) -> None:
    assert guess(table(tmp_path, "user_id,login_id,status\nU1,u1,active\n")).columns == ()
