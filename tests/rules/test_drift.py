"""What has drifted apart, case by case; and that no verdict ever asks for more than a link's reach."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pairing.drift import LEFT_FOR, Known, Row, Verdict, has_left, in_one_course, over_all_courses

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HERE, THERE = "section 1", "section 2"
OURS, THEIRS = Known(HERE, ours=True), Known(HERE, ours=False)
FINE = Verdict()


def student(section: str, state: str = "active") -> Row:
    return Row(f"student in {section}", "course", section, state)


def observer(section: str, state: str = "active") -> Row:
    return Row(f"observer in {section}", "course", section, state)


EVERYWHERE = {
    "Canvas holds all of it": (True, [student(HERE)], [observer(HERE)], FINE),
    "the student is in no course yet": (True, [], [], FINE),
    "the link was taken away": (False, [], [], Verdict(ended=True)),
    "a row was lost": (True, [student(HERE)], [], Verdict(missing=(student(HERE),))),
    "one of two rows was lost": (
        True,
        [student(HERE), student(THERE)],
        [observer(THERE)],
        Verdict(missing=(student(HERE),)),
    ),
    "the observer's row is over and the student's is not": (
        True,
        [student(HERE)],
        [observer(HERE, "completed")],
        Verdict(missing=(student(HERE),)),
    ),
    "an invited student's observer is active": (
        True,
        [student(HERE, "invited")],
        [observer(HERE)],
        FINE,
    ),
    "what is over brings no observer along": (True, [student(HERE, "completed")], [], FINE),
    "what rests brings no observer along": (True, [student(HERE, "inactive")], [], FINE),
    "an observer without the student is Canvas's own affair": (True, [], [observer(HERE)], FINE),
}


@pytest.mark.parametrize("case", EVERYWHERE)
def test_an_all_course_link(case: str) -> None:
    linked, theirs, held, verdict = EVERYWHERE[case]

    assert over_all_courses(linked, theirs, held) == verdict


KNOWN = {observer(HERE).id: OURS}
ONE_COURSE = {
    "all is as it should be": ([student(HERE)], [observer(HERE)], KNOWN, FINE),
    "a new section": (
        [student(HERE), student(THERE)],
        [observer(HERE)],
        KNOWN,
        Verdict(add=(THERE,)),
    ),
    "a new section that is only beginning": (
        [student(HERE), student(THERE, "invited")],
        [observer(HERE)],
        KNOWN,
        Verdict(add=(THERE,)),
    ),
    "a new section that is over": (
        [student(HERE), student(THERE, "completed")],
        [observer(HERE)],
        KNOWN,
        FINE,
    ),
    "another section": (
        [student(THERE)],
        [observer(HERE)],
        KNOWN,
        Verdict(add=(THERE,), remove=(observer(HERE),)),
    ),
    "another section, and the old one was deleted with its rows": (
        [student(THERE)],
        [],
        KNOWN,
        Verdict(add=(THERE,), forget=(observer(HERE).id,)),
    ),
    "another section, and the row in the old one was there before us": (
        [student(THERE)],
        [observer(HERE)],
        {observer(HERE).id: THEIRS},
        Verdict(add=(THERE,)),
    ),
    "a row we did not write down": (
        [student(HERE), student(THERE)],
        [observer(HERE), observer(THERE)],
        KNOWN,
        Verdict(adopt=(observer(THERE),)),
    ),
    "a row we did not write down, where the student is not": (
        [student(HERE)],
        [observer(HERE), observer(THERE)],
        KNOWN,
        Verdict(remove=(observer(THERE),)),
    ),
    "the course is concluded": ([student(HERE, "completed")], [observer(HERE)], KNOWN, FINE),
    "the student rests": ([student(HERE, "inactive")], [observer(HERE)], KNOWN, FINE),
    "the observer's row rests": ([student(HERE)], [observer(HERE, "inactive")], KNOWN, FINE),
    "the only row was taken away": ([student(HERE)], [], KNOWN, Verdict(ended=True)),
    "all rows were taken away, and there is a new section": (
        [student(HERE), student(THERE)],
        [],
        KNOWN,
        Verdict(ended=True),
    ),
    "one of two rows was taken away": (
        [student(HERE), student(THERE)],
        [observer(THERE)],
        {**KNOWN, observer(THERE).id: Known(THERE, ours=True)},
        Verdict(missing=(student(HERE),)),
    ),
    "the row that counts was taken away, and one of ours is left behind": (
        [student(HERE)],
        [observer(THERE)],
        {**KNOWN, observer(THERE).id: Known(THERE, ours=True)},
        Verdict(ended=True, remove=(observer(THERE),)),
    ),
    "the student left": ([], [observer(HERE)], KNOWN, Verdict(left=True, remove=(observer(HERE),))),
    "the student left, and our row went too": ([], [], KNOWN, Verdict(left=True)),
    "the student left a row that was there before us": (
        [],
        [observer(HERE)],
        {observer(HERE).id: THEIRS},
        Verdict(left=True),
    ),
}


@pytest.mark.parametrize("case", ONE_COURSE)
def test_a_course_scoped_link(case: str) -> None:
    theirs, held, known, verdict = ONE_COURSE[case]

    assert in_one_course(theirs, held, known, linked=False) == verdict


@pytest.mark.parametrize("case", ONE_COURSE)
def test_canvas_itself_looks_after_the_rows_of_two_who_are_linked(case: str) -> None:
    theirs, held, known, verdict = ONE_COURSE[case]
    left_behind = tuple(row for row in verdict.remove if row.id in known)

    assert in_one_course(theirs, held, known, linked=True) == Verdict(left=verdict.left, remove=left_behind)


sections = st.sampled_from(["a", "b", "c"])
states = st.sampled_from(["active", "invited", "creation_pending", "inactive", "completed"])
rows = st.dictionaries(sections, states, max_size=3)
written = st.dictionaries(sections, st.booleans(), max_size=3)


@given(theirs=rows, held=rows, written=written)
def test_a_verdict_keeps_to_the_students_own_sections(
    theirs: dict[str, str], held: dict[str, str], written: dict[str, bool]
) -> None:
    known = {f"observer in {section}": Known(section, ours) for section, ours in written.items()}

    verdict = in_one_course(
        [student(*one) for one in theirs.items()], [observer(*one) for one in held.items()], known, False
    )

    assert set(verdict.add) <= {
        s for s, state in theirs.items() if state in ("active", "invited", "creation_pending")
    }
    assert not set(verdict.add) & set(held)
    assert not {row.section for row in verdict.remove} & set(theirs)
    assert all(known.get(row.id, OURS).ours for row in verdict.remove)
    assert not (verdict.ended or verdict.left) or not (verdict.add or verdict.missing)


@given(theirs=rows, held=rows, written=written)
def test_doing_what_a_verdict_says_settles_it(
    theirs: dict[str, str], held: dict[str, str], written: dict[str, bool]
) -> None:
    students = [student(*one) for one in theirs.items()]
    observers = [observer(*one) for one in held.items()]
    known = {f"observer in {section}": Known(section, ours) for section, ours in written.items()}
    verdict = in_one_course(students, observers, known, False)
    if verdict.ended or verdict.left:
        return
    added = [observer(section) for section in (*verdict.add, *(row.section for row in verdict.missing))]
    removed = {row.id for row in verdict.remove}
    after = [row for row in observers if row.id not in removed] + added
    known = {id: one for id, one in known.items() if id not in {*verdict.forget, *removed}}
    known |= {row.id: Known(row.section, True) for row in (*verdict.adopt, *added)}

    assert in_one_course(students, after, known, False).fine


@pytest.mark.parametrize(
    ("since", "held", "gone"),
    [
        (None, True, False),
        (NOW - timedelta(hours=1), True, False),
        (NOW - LEFT_FOR, True, True),
        (None, False, True),
    ],
)
def test_a_student_has_left_when_they_are_still_away_on_the_next_day(
    since: datetime | None, held: bool, gone: bool
) -> None:
    assert has_left(since, NOW, anything_held=held) is gone
