"""What the office does about one person with a family's proof, or by making one (/admin/people)."""

from datetime import datetime

from flask import render_template, request

from app import audit, db, people, policy
from app.canvas import observees
from app.canvas.observees import Elsewhere
from app.errors import CanvasFailure, CanvasForbids, ScopeMissing
from app.models import Code, Role, Scope, Way
from app.pairing import adding, codes, guesses, redemption, spelling
from app.pairing.codes import ALL_COURSES, NO_TERMS, Reach
from app.pairing.directory import Somebody
from app.pairing.guesses import Guesser
from app.pairing.proofs import Claim
from app.pairing.rules import Reason, Refused
from app.web import canvas, visit
from app.web.forms import TermsForm
from app.web.people import Notice, Page, asked, bp, person_page, service, somebody, typed
from app.web.people_connecting import chosen_reach, student_of, told

MOST_SECRET = 255  # characters of a login or password
PROVE = "url:POST|/api/v1/users/:user_id/observees"


@bp.post("/redeem")
def redeem() -> Page:
    """Use a code the family has, in the name of the observer."""
    launch, who = visit.acting(), somebody(asked("person"))
    guesser = guesses.guesser(visit.keyring(), launch.person, request.remote_addr or "")
    try:
        outcome = by_code(_claim(who, Way.NATIVE_CODE), guesser, typed("code"))
    except CanvasFailure as failure:
        return _failed(who, failure, PROVE)
    return person_page(
        who, told(outcome, student_of(outcome)), 422 if outcome == Refused(Reason.TYPO) else 200
    )


def by_code(claim: Claim, guesser: Guesser, typed: str) -> redemption.Outcome:
    """Use a code as somebody typed it, ours or one of Canvas's own."""
    observer, keyring, wait = claim.observer, visit.keyring(), visit.head_start()
    match spelling.read(typed):
        case spelling.Typo():
            return Refused(Reason.TYPO)
        case spelling.Native(text):
            return redemption.redeem_native(guesser, claim, text, visit.clock, wait)
        case spelling.Ours(text):
            heard = canvas.told_before(observer.institution_id, text, lambda: claim.canvas, claim.whose)

            def spend() -> redemption.Outcome:
                now = visit.clock()
                with db.transaction() as session:
                    outcome = redemption.redeem(
                        session, keyring, observer, text, guesser, now, wait, heard, by=claim.admin
                    )
                    adding.note_use(session, claim, outcome, now)
                return outcome

            return canvas.unless_gone(spend(), spend)


@bp.post("/credentials")
def credentials() -> Page:
    """Connect the student who types their login and password here; neither is kept."""
    launch, who = visit.acting(), somebody(asked("person"))
    login, password = request.form.get("login", "").strip(), request.form.get("password", "")
    if not login or not password or max(len(login), len(password)) > MOST_SECRET:
        return person_page(who, Notice("both", good=False), 422)
    guesser = guesses.guesser(visit.keyring(), launch.person, request.remote_addr or "")
    try:
        outcome = adding.by_credentials(
            _claim(who, Way.ADMIN), guesser, login, password, visit.clock, visit.head_start()
        )
    except CanvasFailure as failure:
        return _failed(who, failure, PROVE)
    if isinstance(outcome, Elsewhere):
        return person_page(who, Notice("elsewhere", good=False), 422)
    if outcome == Refused(Reason.UNKNOWN):
        return person_page(who, Notice("credentials", good=False), 422)
    return person_page(who, told(outcome, student_of(outcome)))


def _claim(who: Somebody, way: Way) -> Claim:
    """The observer, in whose name the admin tells Canvas."""
    launch = visit.launch()
    with db.transaction() as session:
        observer = people.remember(session, launch.institution_id, who.id, who.name, visit.now())
    return Claim(service(), who.id, observer, launch.person, way)


@bp.post("/issue")
def issue() -> Page:
    """Make a code for a student, or show the one that is live."""
    launch, who = visit.acting(), somebody(asked("person"))
    reach, form = chosen_reach(who), TermsForm()
    with db.reading() as session:
        rule = policy.of(session, launch.institution_id)
    terms = form.terms(rule, launch.person.time_zone)
    if terms is None or (terms != NO_TERMS and reach.scope is Scope.ALL):
        return person_page(who, Notice("terms", good=False), 422, form)
    with db.transaction() as session:
        student = people.remember(session, launch.institution_id, who.id, who.name, visit.now())
        code = codes.issue(
            session,
            visit.keyring(),
            issuer=launch.person,
            role=Role.ADMIN,
            student=student,
            reach=reach,
            policy=rule,
            now=visit.now(),
            terms=terms,
        )
        text = codes.text_of(visit.keyring(), code)
    return _code_page(who, text, code.expires_at, reach, code)


@bp.post("/revoke/<row:code_id>")
def revoke(code_id: int) -> Page:
    """End a code of a student; connections made with it stay."""
    launch, who = visit.acting(), somebody(asked("person"))
    with db.transaction() as session:
        done = codes.revoke(session, launch, code_id, visit.now())
    return person_page(who, Notice("revoked") if done else Notice("no_code", good=False))


@bp.post("/canvas-code")
def make_in_canvas() -> Page:
    """Make one of Canvas's own codes for a student, for the Canvas Parent app."""
    launch, who = visit.acting(), somebody(asked("person"))
    try:
        made = observees.make_pairing_code(service(), who.id)
    except CanvasFailure as failure:
        return _failed(who, failure, "url:POST|/api/v1/users/:user_id/observer_pairing_codes")
    with db.transaction() as session:
        student = people.remember(session, launch.institution_id, who.id, who.name, visit.now())
        audit.record(
            session,
            launch.institution_id,
            audit.Event.CODE_MADE_IN_CANVAS,
            visit.now(),
            launch.person_id,
            student=student.id,
        )
    return _code_page(who, made.code, made.expires_at, ALL_COURSES)


def _failed(who: Somebody, failure: CanvasFailure, scope: str) -> Page:
    """Back on the page of somebody, with what Canvas lacked; nothing else was done."""
    match failure:
        case ScopeMissing():
            return person_page(who, Notice("scope", good=False, name=scope), 422)
        case CanvasForbids():
            return person_page(who, Notice("forbidden", good=False, name=who.name), 422)
        case _:
            raise failure


def _code_page(
    who: Somebody, text: str, expires_at: datetime, reach: Reach, code: Code | None = None
) -> Page:
    return render_template(
        "admin/people_code.html",
        launch=visit.launch(),
        who=who,
        text=text,
        expires_at=expires_at,
        reach=reach,
        code=code,
    )
