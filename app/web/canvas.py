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
    with db.reading() as session:
        return tokens.observer(
            session, visit.keyring(), visit.settings(), person.institution_id, person.id, visit.now()
        )


def attempt(link_id: int) -> None:
    """Tell Canvas at once, within the time a person waits. If it cannot be told now, a worker will."""
    budget = visit.settings().redeem_budget
    try:
        applying.attempt(
            link_id, lambda institution: service(institution).within(budget), visit.clock, budget
        )
    except Failure as failure:
        log.info("left to the worker", link=link_id, failure=type(failure).__name__, why=str(failure))
