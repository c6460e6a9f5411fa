"""The page a Canvas opens to register itself, for whoever holds an invitation."""

from dataclasses import dataclass

import structlog
from flask import current_app, g, render_template, request
from flask.typing import ResponseReturnValue

from app import db
from app.crypto import Keyring
from app.lti import invitations, platforms, registration
from app.lti.configuration import LOWEST_PRIVACY, PLACEMENTS
from app.lti.invitations import Closed
from app.lti.registration import Offer, Registered, Told, Trouble, Wish
from app.models import Institution, Invitation
from app.web import headers, visit
from app.web.lti import bp

log = structlog.get_logger()

LONGEST_NAME = 200  # characters


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page was opened with, and the invitation it belongs to."""

    token: str
    invitation: Invitation
    offer: Offer

    @property
    def institution(self) -> Institution:
        """Whose Canvas is invited."""
        return self.invitation.institution


@bp.get("/register")
def offer() -> ResponseReturnValue:
    """Ask the administrator for what we need to know. Nothing is spent or sent yet."""
    asked = _asked()
    if isinstance(asked, Closed):
        return _closed(asked)
    return _page(asked, asked.institution.name, Wish(tuple(PLACEMENTS), LOWEST_PRIVACY))


@bp.post("/register")
def register() -> ResponseReturnValue:
    """Register with the Canvas that opened this page, and write down what it answers."""
    asked = _asked()
    if isinstance(asked, Closed):
        return _closed(asked)
    name = " ".join(request.form.get("name", "").split())
    wish = Wish(request.form.getlist("placements"), request.form.get("privacy", ""))
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        return _page(asked, name, wish, "name"), 422
    if not set(wish.placements) <= set(PLACEMENTS) or wish.privacy not in registration.PRIVACY:
        return _page(asked, name, wish, "nonsense"), 422

    # Spent before Canvas is asked, for two at once must not register twice; given back if Canvas says no.
    with db.transaction() as session:
        won = invitations.spend(session, asked.invitation, visit.now())
    if not won:
        return _closed(Closed.SPENT)
    answered = _ask_canvas(asked, wish)
    outcome = answered if isinstance(answered, Trouble) else _write_down(asked, name, *answered)
    if isinstance(outcome, Trouble):
        log.warning("registration failed", trouble=outcome, institution=asked.institution.slug)
        with db.transaction() as session:
            invitations.give_back(session, asked.invitation)
        return _page(asked, name, wish, outcome), 422
    return render_template("lti/registered.html", name=name, named=outcome.deployment_id)


def _asked() -> Asked | Closed:
    given = request.values
    token = given.get("invite", "")
    with db.reading() as session:
        found = invitations.find(session, token, visit.now())
    if isinstance(found, Closed):
        return found
    headers.allow_frame(found.institution.canvas_url)
    offered = Offer(given.get("openid_configuration", ""), given.get("registration_token", ""))
    return Asked(token, found, offered)


def _ask_canvas(asked: Asked, wish: Wish) -> tuple[Told, Registered] | Trouble:
    settings = visit.settings()
    told = registration.learn(asked.offer, asked.institution.canvas_url, settings.canvas_timeout)
    if isinstance(told, Trouble):
        return told
    named = registration.register(told, asked.offer, wish, settings.public_url, settings.canvas_timeout)
    return named if isinstance(named, Trouble) else (told, named)


def _write_down(asked: Asked, name: str, told: Told, named: Registered) -> Registered | Trouble:
    keyring: Keyring = current_app.extensions["keyring"]
    with db.transaction() as session:
        complaints = platforms.add(
            session,
            keyring,
            slug=asked.institution.slug,
            name=name,
            canvas_url=asked.institution.canvas_url,
            issuer=told.issuer,
            client_id=named.client_id,
            deployment_id=named.deployment_id,
            authorize_url=told.authorize_url,
            token_url=told.token_url,
            jwks_url=told.jwks_url,
            now=visit.clock(),
        )
    if complaints:
        log.error("registration cannot be kept", complaints=complaints)
        return Trouble.NONSENSE
    return named


def _page(asked: Asked, name: str, wish: Wish, problem: str | None = None) -> str:
    """The questions; a link opened outside of Canvas only says where it belongs."""
    return render_template(
        "lti/register.html" if asked.offer.configuration_url else "lti/invited.html",
        asked=asked,
        institution=asked.institution,
        name=name,
        wish=wish,
        placements=PLACEMENTS,
        privacy=registration.PRIVACY,
        needed=registration.NEEDED,
        problem=problem,
    )


def _closed(closed: Closed) -> tuple[str, int]:
    g.frame_ancestors = ["*"]  # shown wherever it happens: nothing on it can be clicked
    return render_template("lti/uninvited.html", closed=closed), 403
