"""Having the first pages follow Canvas once a day, for the pages themselves ask it nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

import structlog
from flask import current_app
from sqlalchemy import select

from app import db
from app.canvas import authentication_providers, tokens
from app.canvas.oauth import Extra
from app.errors import Failure
from app.models import Institution
from app.pairing import front
from app.people import Operator
from app.settings import Settings
from app.tasks.pairing import access

BUDGET = timedelta(seconds=10)  # for what is asked of one Canvas

log = structlog.get_logger()


def follow_canvas() -> None:
    """Learn for each institution who may sign up, and which ways to log in there are."""
    with db.reading() as session:
        institutions = session.scalars(select(Institution).order_by(Institution.id)).all()
    for institution in institutions:
        _try(institution, _learn_who)
        _try(institution, _learn_ways)


def _try(institution: Institution, learn: Callable[[Institution], None]) -> None:
    """One Canvas that is away, or tells us nothing, keeps no other waiting for tomorrow."""
    try:
        learn(institution)
    except Failure as failure:
        log.info("first page not learned", institution=institution.id, failure=type(failure).__name__)


def _learn_who(institution: Institution) -> None:
    settings = cast(Settings, current_app.extensions["settings"])
    front.ask(institution.id, tokens.nobody(institution.canvas_url, settings).within(BUDGET), _clock())


def _learn_ways(institution: Institution) -> None:
    """Only where they have been read before or the service account was connected for it."""
    with db.reading() as session:
        known = front.ways(session, institution.id)
    if not known and Extra.SIGN_UP not in (institution.extras or ()):
        return
    providers = authentication_providers.of_account(access().service(institution.id).within(BUDGET))
    if front.differ(known, providers):
        with db.transaction() as session:
            front.follow(session, Operator(institution.id), providers, _clock())


def _clock() -> datetime:
    return datetime.now(UTC)
