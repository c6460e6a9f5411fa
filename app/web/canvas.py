"""Canvas, as the pages use it: with the time a person is willing to wait."""

import structlog

from app import db
from app.canvas import Canvas, tokens
from app.errors import Failure
from app.models import Person
from app.pairing import applying
from app.web import visit

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
    budget = visit.settings().redeem_budget
    access = applying.Access(
        service=lambda institution: service(institution).within(budget),
        own=lambda institution, person: _own(institution, person).within(budget),
    )
    try:
        applying.attempt(link_id, access, visit.clock, budget)
    except Failure as failure:
        log.info("left to the worker", link=link_id, failure=type(failure).__name__, why=str(failure))
