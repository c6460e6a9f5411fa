"""Canvas, as the pages use it: with the time a person is willing to wait."""

from collections.abc import Callable
from typing import TypeVar

import structlog

from app import db, policy
from app.canvas import Canvas, tokens
from app.errors import Failure
from app.models import Person
from app.pairing import applying, asking
from app.pairing.redemption import AlreadyConnected
from app.web import visit

T = TypeVar("T")
log = structlog.get_logger()


def service(institution_id: int) -> Canvas:
    """Canvas as the institution's service account."""
    with db.reading() as session:
        return tokens.service(session, visit.keyring(), visit.settings(), institution_id, visit.now())


def own(person: Person) -> Canvas:
    """Canvas as this observer."""
    return _own(person.institution_id, person.id)


def _own(institution_id: int, person_id: int) -> Canvas:
    with db.reading() as session:
        return tokens.observer(
            session, visit.keyring(), visit.settings(), institution_id, person_id, visit.now()
        )


def attempt(link_id: int) -> None:
    """Tell Canvas at once, within the time a person waits. If it cannot be told now, a worker will."""
    try:
        applying.attempt(link_id, _access(), visit.clock, visit.settings().redeem_budget)
    except Failure as failure:
        log.info("left to the worker", link=link_id, failure=type(failure).__name__, why=str(failure))


def told_before(
    institution_id: int, text: str, eyes: Callable[[], Canvas], observer: str = "self"
) -> asking.Told:
    """What Canvas tells that matters before this code is spent; mostly nothing does."""
    with db.reading() as session:
        question = asking.about(session, visit.keyring(), institution_id, text)
    return asking.ask(question, lambda: patient(institution_id), eyes, observer)


def watching(institution_id: int, student: str) -> frozenset[str]:
    """Who sees all courses of a student, where the policy limits how many may; else nobody is asked."""
    with db.reading() as session:
        if policy.of(session, institution_id).observers_most is None:
            return frozenset()
    return asking.watching(lambda: patient(institution_id), student)


def patient(institution_id: int) -> Canvas:
    """Canvas as the service account, with the time a person is willing to wait."""
    return service(institution_id).within(visit.settings().redeem_budget)


def is_gone(link_id: int) -> bool:
    """Whether others have ended this link in Canvas; no, as long as Canvas does not say."""
    try:
        return applying.is_gone(link_id, _access(), visit.clock)
    except Failure:
        return False


def unless_gone(outcome: T, again: Callable[[], T]) -> T:
    """What came of connecting two people; anew, if what seemed there was ended in Canvas by others."""
    gone = isinstance(outcome, AlreadyConnected) and is_gone(outcome.link_id)
    return again() if gone else outcome


def _access() -> applying.Access:
    budget = visit.settings().redeem_budget
    return applying.Access(
        service=patient,
        own=lambda institution, person: _own(institution, person).within(budget),
    )
