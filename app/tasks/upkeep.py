"""Throwing away what has served its time."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, exists

from app import db
from app.models import Guesses, Invitation, LtiLaunch, LtiLogin, OAuthAttempt, PortalSession
from app.pairing.sign_up import noting

FORGET_GUESSES = timedelta(days=30)  # long after the last one has ceased to count
FORGET_SIGN_UPS = timedelta(days=30)  # long after its page was last looked at
FORGET_INVITATIONS = timedelta(days=30)  # until then its page can say that it is over


def tidy() -> None:
    """Delete what is over: logins, launches, OAuth trips, visits, invitations, guesses, sign-ups."""
    now = datetime.now(UTC)
    with db.transaction() as session:
        session.execute(delete(LtiLogin).where(LtiLogin.expires_at < now))
        session.execute(delete(OAuthAttempt).where(OAuthAttempt.expires_at < now))
        on_the_way = exists().where(OAuthAttempt.launch_id == LtiLaunch.id)
        session.execute(delete(LtiLaunch).where(LtiLaunch.expires_at < now, ~on_the_way))
        session.execute(delete(PortalSession).where(PortalSession.expires_at < now))
        session.execute(delete(Invitation).where(Invitation.expires_at < now - FORGET_INVITATIONS))
        session.execute(delete(Guesses).where(Guesses.last_miss_at < now - FORGET_GUESSES))
        noting.forget(session, now - FORGET_SIGN_UPS)
    db.learn_sizes()
