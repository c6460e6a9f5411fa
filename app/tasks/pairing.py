"""Finishing what a request began: a link is made or ended in Canvas, however long that takes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

from flask import current_app

from app import db
from app.canvas import Canvas, tokens
from app.crypto import Keyring
from app.errors import RETRYABLE, CanvasThrottled, Failure
from app.pairing import applying
from app.settings import Settings

BUDGET = timedelta(seconds=60)  # for all the calls of one attempt
NOT_YET = timedelta(seconds=5)  # somebody else is at it
FOR_AN_ADMIN = timedelta(minutes=15)  # only a person can mend this: a lost permission, a dead token


def finish_link(link_id: int) -> timedelta | None:
    """Bring one link to its end."""
    return with_patience(lambda: None if applying.attempt(link_id, access(), _clock, BUDGET) else NOT_YET)


def with_patience(work: Callable[[], timedelta | None]) -> timedelta | None:
    """Do a job's work; how long until it is worth another try, if it is not done.

    What will pass by itself is raised, and tried again with growing waits. A job leaves half of Canvas's
    budget to people; while there is too little it comes again when there is more, which is no failure of its
    own and lengthens no wait.
    """
    try:
        return work()
    except CanvasThrottled as full:
        return full.wait
    except RETRYABLE:
        raise
    except Failure:
        return FOR_AN_ADMIN


def access() -> applying.Access:
    """Whom a job can be in Canvas."""
    return applying.Access(_service, _own)


def _service(institution_id: int) -> Canvas:
    with db.reading() as session:
        canvas = tokens.service(session, _keyring(), _settings(), institution_id, _clock())
    return canvas.within(BUDGET).in_bulk()


def _own(institution_id: int, person_id: int) -> Canvas:
    with db.reading() as session:
        canvas = tokens.observer(session, _keyring(), _settings(), institution_id, person_id, _clock())
    return canvas.within(BUDGET).in_bulk()


def _keyring() -> Keyring:
    return cast(Keyring, current_app.extensions["keyring"])


def _settings() -> Settings:
    return cast(Settings, current_app.extensions["settings"])


def _clock() -> datetime:
    return datetime.now(UTC)
