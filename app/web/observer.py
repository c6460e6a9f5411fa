"""Redeeming a code on the public site. What was typed is never lost, also when a sign-in comes between."""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import db
from app.errors import RETRYABLE, CanvasFailure, NotConnected, TokenDead
from app.inspector import service
from app.models import Agreement, Link, Person, PortalSession
from app.pairing import agreements, applying, guesses, lists, redemption, spelling
from app.pairing.proofs import Claim
from app.pairing.redemption import AlreadyConnected, Outcome, Redeemed
from app.pairing.rules import Reason, Refused
from app.web import canvas, connect, tenants, visit
from app.web.forms import RedeemForm

bp = Blueprint("observer", __name__)

Page = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one typed code: a link, or a refusal."""

    typed: str
    link: Link | None = None
    already: bool = False
    refusal: Refused | None = None


@bp.get("/pair")
def pair() -> Page:
    """The page a letter or a QR code leads to; a script fills in the code from the address's fragment."""
    return _form(RedeemForm(formdata=None, code=connect.typed_before()))


@bp.post("/pair")
def redeem() -> Page:
    """Pair with the students whose codes were typed."""
    form = RedeemForm()
    if not form.validate():
        return _form(form, 422)
    typed = spelling.several(form.code.data or "")
    observer = visit.find_observer()
    if not typed:
        return _form(form, 422, [Told("", refusal=Refused(Reason.NOTHING_TYPED))])
    if observer is None:
        return connect.to_canvas(tenants.here(), typed=", ".join(typed))
    if "later" in request.form:
        return _form(RedeemForm(formdata=None, code=", ".join(typed)))
    agreement = _to_agree(observer.person)
    if agreement is not None:
        return _ask(observer, agreement, typed)
    if observer.typed is not None:
        with db.transaction() as session:
            connect.forget_typed(session, observer)
    try:
        told = [_redeem(observer, one) for one in typed]
    except (NotConnected, TokenDead):  # their own sign-in has ended, which Canvas's own codes need
        return connect.to_canvas(tenants.here(), typed=", ".join(typed))
    if len(told) == 1 and told[0].link is not None:
        already = 1 if told[0].already else None
        return redirect(url_for("portal.pairing", link_id=told[0].link.id, already=already), 303)
    refused = [one for one in told if one.refusal is not None]
    left = RedeemForm(formdata=None, code=", ".join(one.typed for one in refused))
    return _form(left, 422 if refused else 200, told)


def _to_agree(person: Person) -> Agreement | None:
    """The text this person has still to agree to; the one they agree to just now is none any more."""
    with db.transaction() as session:
        agreement = agreements.open_to(session, person)
        if agreement is None or request.form.get("agreed") != str(agreement.id):
            return agreement
        agreements.accept(session, person, agreement, visit.now())
    return None


def _ask(observer: PortalSession, agreement: Agreement, typed: list[str]) -> Page:
    return render_template(
        "observer/agreement.html",
        observer=observer,
        institution=observer.institution,
        agreement=agreement,
        typed=", ".join(typed),
    )


def _form(form: RedeemForm, status: int = 200, told: list[Told] | None = None) -> tuple[str, int]:
    institution = tenants.here()
    connect.leads_to(institution)
    with db.reading() as session:
        lent = service.lent(session, institution.id)
    page = render_template(
        "observer/pair.html",
        form=form,
        told=told or [],
        observer=visit.find_observer(),
        institution=institution,
        connected=lent is not None and lent.dead_since is None,
    )
    return page, status


def _redeem(observer: PortalSession, typed: str) -> Told:
    who = guesses.guesser(visit.keyring(), observer.person, request.remote_addr or "")
    match spelling.read(typed):
        case spelling.Typo():
            return Told(typed, refusal=Refused(Reason.TYPO))
        case spelling.Native(text):
            outcome = _redeem_native(observer.person, text, who)
        case spelling.Ours(text):
            outcome = _redeem_ours(observer.person, text, who)
    match outcome:
        case Refused():
            return Told(typed, refusal=outcome)
        case Redeemed(link_id) | AlreadyConnected(link_id):
            with db.reading() as session:
                link = lists.own_link(session, observer.person, link_id)
            if link is not None and link.reason is not None:
                return Told(typed, refusal=Refused(Reason(link.reason)))
            return Told(typed, link, isinstance(outcome, AlreadyConnected))


def _redeem_ours(observer: Person, text: str, who: guesses.Guesser) -> Outcome:
    outcome = canvas.unless_gone(_spend(observer, text, who), lambda: _spend(observer, text, who))
    if isinstance(outcome, Redeemed):
        canvas.attempt(outcome.link_id)
    return outcome


def _spend(observer: Person, text: str, who: guesses.Guesser) -> Outcome:
    told = canvas.told_before(observer.institution_id, text, lambda: canvas.own(observer))
    with db.transaction() as session:
        return redemption.redeem(
            session, visit.keyring(), observer, text, who, visit.now(), visit.head_start(), told
        )


def _redeem_native(observer: Person, text: str, who: guesses.Guesser) -> Outcome:
    try:
        claim = Claim(canvas.own(observer), "self", observer)
        return redemption.redeem_native(who, claim, text, visit.clock, visit.head_start())
    except TokenDead:
        raise
    except CanvasFailure as failure:
        passing = isinstance(failure, RETRYABLE)
        return Refused(Reason.CANVAS_AWAY if passing else applying.why(failure, course=False))
