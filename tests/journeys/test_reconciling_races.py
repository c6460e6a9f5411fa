"""Reconciling while others do things: two at once, redeeming, leaving, and whatever happens in Canvas."""

import itertools
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from flask import Flask

from app import db
from app.models import LinkState
from app.pairing import findings, reconciling
from app.tasks.reconcile import mend, reconcile
from tests.journeys.drifting import (
    connects,
    drifts,
    enrolls,
    found,
    removes,
    runs,
    unlinks,
    with_an_admin,
)
from tests.journeys.families import EVERYWHERE, ONE_COURSE, SECTIONS, give_code, in_both_sections, linked
from tests.people import MATHS, Observer, School
from tests.records import all_links, at_once, everything_settles, states, time_passes
from tests.workers import Runner

KENJI, LEILA = 105, 106
OBSERVERS = (42, 43, 44)
NAMES = ("Parent", "Student")
FIRST, SECOND = SECTIONS
both_databases = pytest.mark.both_databases(always=True)


@pytest.fixture
def parent(school: School) -> Observer:
    in_both_sections(school, [KENJI, LEILA])
    with_an_admin(school)
    return Observer(school, 44).enters()


def begun(school: School) -> int:
    with db.transaction() as session:
        reconciling.begin(session, school.institution_id, datetime.now(UTC))
    return runs()[-1].id


def walk(app: Flask, run_id: int) -> Callable[[], timedelta | None]:
    def walk() -> timedelta | None:
        with app.app_context():
            return reconcile(run_id)

    return walk


def moves(school: School, student: int) -> None:
    """The student is only in the first section now."""
    removes(school, student, SECOND, "Student")


@both_databases
def test_of_two_who_ask_at_once_one_begins(app: Flask, school: School) -> None:
    def begin() -> bool:
        with app.app_context(), db.transaction() as session:
            return reconciling.begin(session, school.institution_id, datetime.now(UTC))

    assert sorted(at_once([begin] * 4)) == [False, False, False, True]
    assert len(runs()) == 1


@both_databases
def test_two_workers_that_walk_at_once_do_everything_once(
    app: Flask, school: School, parent: Observer
) -> None:
    for observer in OBSERVERS:
        connects(school, observer, KENJI, ONE_COURSE, NAMES)
        connects(school, observer, LEILA, ONE_COURSE, NAMES)
    moves(school, KENJI)
    removes(school, OBSERVERS[0])
    run_id = begun(school)

    at_once([walk(app, run_id)] * 3)
    walk(app, run_id)()

    assert runs()[-1].ended_at is not None
    for observer in OBSERVERS[1:]:
        assert linked(school, observer, KENJI, ONE_COURSE)
        assert linked(school, observer, LEILA, ONE_COURSE)
    assert school.observing(OBSERVERS[0]) == []
    assert sorted(found()) == sorted(
        [("ended_in_canvas", None)] * 2 + [("student_moved", "rule")] * (len(OBSERVERS) - 1)
    )
    assert [link.leased_until for link in all_links()] == [None] * 6


@both_databases
def test_leaving_while_reconciling_leaves(
    app: Flask, school: School, parent: Observer, run_jobs: Runner
) -> None:
    for turn in range(3):
        parent.redeems(give_code(school, KENJI, ONE_COURSE))
        (moves if turn % 2 == 0 else lambda *_: enrolls(school, KENJI, SECOND))(school, KENJI)
        form = {"student": str(KENJI), "course": str(MATHS), "sure": "yes"}
        leave = partial(parent.forges, parent.portal(), "/observer/leave", **form)

        at_once([leave, walk(app, begun(school))])
        time_passes()
        everything_settles(run_jobs)
        run_jobs()

        assert states()[-1] is LinkState.ENDED
        assert school.observing(parent.id) == []


@both_databases
def test_redeeming_while_reconciling_neither_doubles_nor_loses(
    app: Flask, school: School, parent: Observer, run_jobs: Runner
) -> None:
    for student in (KENJI, LEILA):
        parent.redeems(give_code(school, student, ONE_COURSE))
        moves(school, student)
        code = give_code(school, student, EVERYWHERE)
        redeem = partial(parent.forges, parent.portal(), "/pair", code=code)

        at_once([redeem, walk(app, begun(school))])
        time_passes()
        run_jobs()
        everything_settles(run_jobs)
        walk(app, begun(school))()  # the first may have found the two busy

        assert linked(school, parent.id, student, EVERYWHERE)
    assert set(states()) == {LinkState.ACTIVE}
    assert not [link for link in all_links() if link.leased_until and link.leased_until > datetime.now(UTC)]


@both_databases
def test_healing_while_the_observer_leaves_ends_as_one_of_the_two_wanted(
    app: Flask, school: School, parent: Observer, run_jobs: Runner
) -> None:
    parent.redeems(give_code(school, KENJI, EVERYWHERE))
    removes(school, parent.id, FIRST)
    walk(app, begun(school))()
    (one,) = drifts()
    with db.transaction() as session:
        findings.ask(session, school.institution_id, all_links()[0].student_id, datetime.now(UTC))

    def heal() -> None:
        with app.app_context():
            mend(school.institution_id)

    leave = partial(
        parent.forges, parent.portal(), "/observer/leave", student=str(KENJI), course="", sure="yes"
    )
    at_once([leave, heal])
    time_passes()
    run_jobs()
    everything_settles(run_jobs)

    assert one.kind == "missing_enrollment"
    assert states() == [LinkState.ENDED]
    assert not linked(school, parent.id, KENJI, EVERYWHERE)


DEEDS: list[Callable[[School, int, int], None]] = [
    lambda school, observer, student: moves(school, student),
    lambda school, observer, student: removes(school, student, FIRST, "Student"),
    lambda school, observer, student: removes(school, student, kind="Student"),
    lambda school, observer, student: removes(school, student, kind="Student", task="conclude"),
    lambda school, observer, student: enrolls(school, student, FIRST),
    lambda school, observer, student: enrolls(school, student, SECOND),
    lambda school, observer, student: removes(school, observer, FIRST),
    lambda school, observer, student: removes(school, observer),
    lambda school, observer, student: (
        unlinks(school, observer, student) if (observer, student) in school.links() else None
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_in_canvas_our_links_are_as_there_afterwards(
    app: Flask, school: School, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a repeatable choice
    in_both_sections(school, [KENJI, LEILA])
    with_an_admin(school)
    reaches = {}
    for observer, student in itertools.product(OBSERVERS, (KENJI, LEILA)):
        reaches[observer, student] = chance.choice([EVERYWHERE, ONE_COURSE])
        connects(school, observer, student, reaches[observer, student], NAMES)
    for _ in range(chance.randint(1, 6)):
        chance.choice(DEEDS)(school, *chance.choice(list(reaches)))
    before = {observer: set(school.observing(observer)) for observer in OBSERVERS}
    shut_out = shut_out_of(school, reaches)

    walk(app, begun(school))()

    agree(school, reaches)
    nobody_sees_more(school, reaches, before)
    for observer, student in shut_out:
        assert not [one for one in school.observing(observer) if one[2] == student]
    school.forgets_calls()
    walk(app, begun(school))()
    assert school.writes() == []  # one was enough
    assert runs()[-1].mended == 0


def shut_out_of(school: School, reaches: dict[tuple[int, int], str]) -> list[tuple[int, int]]:
    """Whom Canvas shows nothing of a student who is there."""
    return [
        (observer, student)
        for observer, student in reaches
        if school.sections_of(student)
        and not [one for one in school.observing(observer) if one[2] == student]
    ]


def agree(school: School, reaches: dict[tuple[int, int], str]) -> None:
    """What we say is active is in Canvas, and the other way round."""
    active = {
        (int(link.observer.canvas_user_id), int(link.student.canvas_user_id))
        for link in all_links()
        if link.state is LinkState.ACTIVE
    }
    told = {link_pair(drift.link_id) for drift in drifts() if drift.settled_at is None}
    for pair, reach in reaches.items():
        observer, student = pair
        if reach == EVERYWHERE:
            assert (pair in school.links()) is (pair in active)
        observing = {
            (course, section) for course, section, whom in school.observing(observer) if whom == student
        }
        theirs = set(school.sections_of(student))
        if pair not in active:
            assert not observing
        elif pair not in told:
            assert observing >= theirs


def link_pair(link_id: int) -> tuple[int, int]:
    link = next(link for link in all_links() if link.id == link_id)
    return int(link.observer.canvas_user_id), int(link.student.canvas_user_id)


def nobody_sees_more(
    school: School, reaches: dict[tuple[int, int], str], before: dict[int, set[tuple[int, int, int]]]
) -> None:
    """What came new is in a section of the student, in the course the link is for."""
    for observer in OBSERVERS:
        for course, section, student in set(school.observing(observer)) - before[observer]:
            assert course == MATHS
            assert (course, section) in school.sections_of(student)
            assert reaches[observer, student] == ONE_COURSE
    assert {pair for pair in school.links() if pair in reaches} <= {
        pair for pair, reach in reaches.items() if reach == EVERYWHERE
    }
