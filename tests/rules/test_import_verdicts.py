"""What becomes of a row, by what was found of it: the whole table."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.models import RowKind
from app.pairing.imports import given as wanting
from app.pairing.imports.verdicts import (
    ASKS,
    DOES,
    NOTHING,
    PROBLEMS,
    Case,
    Ends,
    Found,
    Verdict,
    Where,
    decide,
)
from app.sheets.pairs import Action, Given

NOBODY, ONE, TWO = Found(), Found(accounts=("44",)), Found(accounts=("44", "45"))
STUDENT = Found(accounts=("105",))
MATCHED = Case(Action.ADD, ONE, STUDENT)
NEW = Case(Action.ADD, NOBODY, STUDENT, email="nina@family.test", named=True)
REMOVE = Case(Action.REMOVE, ONE, STUDENT, linked=True)
ACCOUNT = Case(Action.ADD, NOBODY, kind=RowKind.ACCOUNT)
ABOUT_A_COURSE = replace(MATCHED, where=Where.FOUND)

TABLE = [
    (MATCHED, Verdict.MATCHED),
    (NEW, Verdict.NEW),
    (REMOVE, Verdict.REMOVE),
    (ACCOUNT, Verdict.ACCOUNT),
    (replace(MATCHED, consent=True), Verdict.CONSENT),
    (replace(NEW, consent=True), Verdict.CONSENT),
    (replace(REMOVE, consent=True), Verdict.REMOVE),
    (replace(MATCHED, linked=True), Verdict.ALREADY),
    (replace(MATCHED, linked=True, blocked=True), Verdict.ALREADY),
    (replace(REMOVE, linked=False), Verdict.NOT_LINKED),
    (replace(MATCHED, earlier=Action.ADD), Verdict.REPEATED),
    (replace(MATCHED, earlier=Action.REMOVE), Verdict.CONTRADICTS),
    (replace(MATCHED, left_out=True), Verdict.LEFT_OUT),
    (replace(MATCHED, observer=TWO), Verdict.AMBIGUOUS),
    (replace(MATCHED, observer=replace(ONE, doubtful=True)), Verdict.SHARED_EMAIL),
    (replace(NEW, shared=True), Verdict.SHARED_EMAIL),
    (replace(MATCHED, observer=replace(ONE, other_name=True)), Verdict.OTHER_NAME),
    (replace(NEW, student=replace(STUDENT, other_name=True)), Verdict.OTHER_NAME),
    (replace(REMOVE, student=replace(STUDENT, other_name=True)), Verdict.OTHER_NAME),
    (replace(MATCHED, action=Action.UNCLEAR), Verdict.UNCLEAR_ACTION),
    (replace(MATCHED, observer=Found(given=False)), Verdict.NO_OBSERVER),
    (replace(MATCHED, observer=Found(given=False), named=True), Verdict.NO_EMAIL),
    (replace(MATCHED, student=Found(given=False)), Verdict.NO_STUDENT),
    (replace(MATCHED, student=NOBODY), Verdict.UNKNOWN_STUDENT),
    (replace(MATCHED, student=TWO), Verdict.AMBIGUOUS_STUDENT),
    (replace(MATCHED, student=ONE), Verdict.SELF),
    (replace(NEW, email="", named=False), Verdict.UNKNOWN_OBSERVER),
    (replace(NEW, email=""), Verdict.NO_EMAIL),
    (replace(NEW, email="", login="nina"), Verdict.NEW),
    (replace(NEW, email="", promised=True), Verdict.NEW),
    (replace(NEW, email_fine=False), Verdict.BAD_EMAIL),
    (replace(NEW, may_create=False), Verdict.NO_ACCOUNTS),
    (replace(MATCHED, blocked=True), Verdict.BLOCKED),
    (replace(NEW, blocked=True), Verdict.BLOCKED),
    (replace(REMOVE, blocked=True), Verdict.REMOVE),
    (replace(REMOVE, observer=NOBODY), Verdict.UNKNOWN_OBSERVER),
    (ABOUT_A_COURSE, Verdict.MATCHED),
    (replace(MATCHED, where=Where.UNKNOWN), Verdict.UNKNOWN_COURSE),
    (replace(MATCHED, where=Where.AMBIGUOUS), Verdict.AMBIGUOUS_COURSE),
    (replace(MATCHED, where=Where.OVER), Verdict.COURSE_OVER),
    (replace(MATCHED, where=Where.STUDENT_ELSEWHERE), Verdict.NOT_IN_COURSE),
    (replace(REMOVE, where=Where.FOUND, everywhere=True), Verdict.LINKED_EVERYWHERE),
    (replace(REMOVE, where=Where.OVER), Verdict.REMOVE),
    (replace(ABOUT_A_COURSE, ends=Ends.AHEAD), Verdict.MATCHED),
    (replace(MATCHED, ends=Ends.AHEAD), Verdict.DATE_EVERYWHERE),
    (replace(ABOUT_A_COURSE, ends=Ends.UNCLEAR), Verdict.UNCLEAR_DATE),
    (replace(ABOUT_A_COURSE, ends=Ends.OVER), Verdict.DATE_OVER),
    (replace(REMOVE, where=Where.FOUND, ends=Ends.OVER), Verdict.REMOVE),
    (replace(ABOUT_A_COURSE, purpose_fine=False), Verdict.UNCLEAR_PURPOSE),
    (replace(MATCHED, purpose_fine=False), Verdict.MATCHED),
    (replace(MATCHED, unasked=True), Verdict.MATCHED),
    (replace(MATCHED, student=NOBODY, unasked=True), Verdict.NO_SIS_ID),
    (replace(MATCHED, where=Where.NO_SIS_ID, unasked=True), Verdict.NO_SIS_ID),
    (replace(NEW, email="", named=False, unasked=True), Verdict.NO_SIS_ID),
    (replace(ACCOUNT, observer=ONE), Verdict.KNOWN),
    (replace(ACCOUNT, promised=True), Verdict.KNOWN),
    (replace(ACCOUNT, login_taken="SIS ID P1"), Verdict.LOGIN_TAKEN),
    (replace(ACCOUNT, may_create=False), Verdict.NO_ACCOUNTS),
    (replace(ACCOUNT, action=Action.UNCLEAR), Verdict.NOT_OURS),
    (replace(ACCOUNT, observers_only=False), Verdict.NOT_OBSERVER),
    (replace(ACCOUNT, observer=Found(given=False)), Verdict.NO_OBSERVER),
    (replace(MATCHED, observers_only=False), Verdict.NOT_OBSERVER),
]


@pytest.mark.parametrize(("case", "verdict"), TABLE)
def test_the_table(case: Case, verdict: Verdict) -> None:
    assert decide(case) is verdict


def test_every_verdict_is_in_the_table_and_in_one_group() -> None:
    assert {verdict for _, verdict in TABLE} == set(Verdict)
    groups = (DOES, NOTHING, ASKS, PROBLEMS)
    assert all(sum(verdict in group for group in groups) == 1 for verdict in Verdict)


PEOPLE = some.builds(
    Found,
    some.booleans(),
    some.lists(some.sampled_from(["44", "45"]), unique=True).map(tuple),
    some.booleans(),
    some.booleans(),
)
CASES = some.builds(
    Case,
    action=some.sampled_from(Action),
    observer=PEOPLE,
    student=PEOPLE,
    kind=some.sampled_from(RowKind),
    where=some.sampled_from(Where),
    linked=some.booleans(),
    everywhere=some.booleans(),
    email=some.sampled_from(["", "a@b.test"]),
    promised=some.booleans(),
    shared=some.booleans(),
    may_create=some.booleans(),
    earlier=some.none() | some.sampled_from(Action),
    blocked=some.booleans(),
    consent=some.booleans(),
    left_out=some.booleans(),
)


@given(CASES)
def test_nothing_is_done_about_people_who_are_not_certain(case: Case) -> None:
    verdict = decide(case)
    if verdict in DOES and case.kind is RowKind.PAIR:
        assert len(case.student.accounts) == 1
        assert len(case.observer.accounts) <= 1
        assert case.observer.accounts != case.student.accounts
        assert case.action is (Action.REMOVE if verdict is Verdict.REMOVE else Action.ADD)
        assert not case.student.other_name
        assert not case.observer.other_name
    if verdict in (Verdict.NEW, Verdict.MATCHED, Verdict.CONSENT):
        assert not case.blocked
    if verdict is Verdict.REMOVE:
        assert case.linked


@pytest.mark.parametrize(
    ("said", "known", "alike"),
    [
        ("Maria Garcia", "Garcia, Maria", True),
        ("Maria Garcia", "MARIA GARCIA LOPEZ", True),
        ("", "Anybody", True),
        ("Bill Garcia", "Maria Garcia", False),
    ],
)
def test_names_that_may_be_one_persons(said: str, known: str, alike: bool) -> None:
    assert wanting.alike(said, known) is alike


@pytest.mark.parametrize(
    ("said", "known", "unlike"),
    [
        ("Mia Holm", "Bob Smith", True),
        ("Mia B. Holm", "Bob Smith", True),
        ("Bill Garcia", "Maria García", False),
        ("Max Holm", "Maximilian Mustermann", False),
        ("小明", "王小明", True),
        ("王明", "王小明", True),
        ("王", "王小明", False),
        ("", "Bob Smith", False),
        ("Mia Holm", "", False),
    ],
)
def test_names_that_cannot_be_one_persons(said: str, known: str, unlike: bool) -> None:
    assert wanting.unlike(said, known) is unlike


def test_what_a_row_asks_for_survives_being_kept() -> None:
    record = {"user_id": "P1", "login_id": "nina", "status": "active", "full_name": "Nina", "pronouns": "she"}
    wanted = wanting.of_user(record)

    assert wanting.Wanted.from_json(wanted.to_json()) == wanted
    assert wanting.key_of(Given(sis_id="P1", email="A@b.test")) == "sis_id:P1"
    assert wanting.key_of(Given(email="A@b.test")) == "email:a@b.test"
