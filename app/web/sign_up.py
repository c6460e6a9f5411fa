"""Making an account with a code, on the public site. What was typed is never lost, but for the password."""

from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask import session as cookie
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, PasswordField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, Regexp

from app import db
from app import policy as policies
from app.canvas import accounts, tokens
from app.errors import CanvasFailure, NotConnected
from app.models import FrontPage, Institution
from app.pairing import front, guesses, spelling
from app.pairing.rules import Reason, Refused
from app.pairing.sign_up import making, native, noting
from app.pairing.sign_up.outcomes import Again, Asked, Closed, Declined, Doors, Made, Outcome, Waiting
from app.policy import InForce
from app.web import canvas, connect, tenants, visit

bp = Blueprint("sign_up", __name__)

SIGNED_UP = "signed_up"  # in the cookie: the sign-up this browser has made
SHORTEST_PASSWORD = 8  # Canvas's own rule
ADDRESS = r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+\Z"
LANGUAGES = {
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "pt": "Português",
    "ar": "العربية",
    "zh-Hans": "中文",
    "vi": "Tiếng Việt",
}

Page = str | Response | tuple[str, int]


def _trim(typed: str | None) -> str:
    return " ".join((typed or "").split())


def _languages() -> list[SelectChoice]:
    own = [SelectChoice(word, name) for word, name in LANGUAGES.items()]
    return [SelectChoice("", gettext("The school's language")), *own]


class SignUpForm(FlaskForm):
    """Who they are, and their code."""

    code = StringField(
        _("Code from your letter or message"),
        [DataRequired(_("Please type the code from your letter or message.")), Length(max=60)],
        [_trim],
    )
    name = StringField(
        _("Your full name"), [DataRequired(_("Please type your name.")), Length(max=255)], [_trim]
    )
    email = StringField(
        _("Your e-mail address"),
        [
            Regexp(ADDRESS, message=_("Please type a whole e-mail address, such as ana@example.org.")),
            Length(max=255),
        ],
        [_trim],
    )
    password = PasswordField(
        _("Choose a password"),
        [Length(SHORTEST_PASSWORD, 255, _("Please choose a password of at least 8 characters."))],
    )
    language = SelectField(_("Language of Canvas"), choices=_languages)
    terms = BooleanField()
    agreed = HiddenField()  # which text was shown


@dataclass(frozen=True, slots=True)
class Place:
    """The institution of this page, what its first page knows, and its rules."""

    institution: Institution
    front: FrontPage
    rules: InForce

    @property
    def closed(self) -> bool:
        """Whether Canvas lets no observer sign up."""
        return self.front.self_registration not in (None, *front.OPEN)


@bp.get("/sign-up")
def form() -> Page:
    """The form, or the way to the office where nobody may sign up."""
    return _page(_place(), SignUpForm(formdata=None))


@bp.post("/sign-up")
def make() -> Page:
    """Make an account and connect it."""
    place, typed = _place(), SignUpForm()
    if place.closed:
        return _page(place, typed, 403)
    valid = typed.validate()
    if not (_agrees(place, typed) and valid):
        return _page(place, typed, 422)
    place = _learn(place)  # the service account could make one still where nobody may sign up any more
    if place.closed:
        return _page(place, typed, 403)
    return _told(place, typed, _ask(place, typed))


def _told(place: Place, typed: SignUpForm, outcome: Outcome) -> Page:
    match outcome:
        case Made(sign_up_id, link_id):
            if link_id is not None:
                canvas.attempt(link_id)
            return _done(sign_up_id or 0)
        case Again(sign_up_id):
            return _done(sign_up_id)
        case Waiting(begun):
            return _page(place, typed, 503, lost=True) if begun is None else _done(begun)
        case Closed():
            learned = _learn(place)
            return _page(learned, typed, 403, refused=None if learned.closed else Refused(Reason.NOT_ALLOWED))
        case Declined(fields):
            return _page(place, typed, 422, declined=fields)
        case Refused():
            return _page(place, typed, 422, refused=outcome)


@bp.get("/sign-up/done")
def done() -> Page:
    """What became of it; asks again by itself while nobody knows."""
    made = cookie.get(SIGNED_UP)
    if not isinstance(made, int):
        return redirect(url_for(".form"), 303)
    institution = tenants.here()
    connect.leads_to(institution)
    with db.reading() as session:
        row = noting.told(session, institution.id, made) if made else None
    if made and row is None:
        abort(404)
    fragment = "HX-Request" in request.headers
    template = "sign_up/state.html" if fragment else "sign_up/done.html"
    return render_template(template, institution=institution, sign_up=row, link=row.link if row else None)


def _agrees(place: Place, typed: SignUpForm) -> bool:
    """Whether they agree to Canvas's terms, and to the very text of the institution that is in force."""
    agreement = place.rules.agreement
    if agreement is not None and typed.agreed.data != str(agreement.id):
        typed.terms.data = False
        typed.terms.errors = (
            _("The text was changed meanwhile. Please read it, and tick the box if you agree."),
        )
        return False
    needed = agreement is not None or not place.front.terms_passive
    if needed and not typed.terms.data:
        typed.terms.errors = (*typed.terms.errors, _("Please read this and tick the box, if you agree."))
        return False
    return True


def _ask(place: Place, typed: SignUpForm) -> Outcome:
    institution = place.institution
    asked = Asked(
        name=typed.name.data or "",
        login=typed.email.data or "",
        password=typed.password.data or "",
        locale=typed.language.data or None,
        agreement_id=place.rules.agreement.id if place.rules.agreement else None,
    )
    who = guesses.stranger(visit.keyring(), institution.id, request.remote_addr or "")
    doors = _doors(institution)
    first, *more = spelling.several(typed.code.data or "") or [""]
    if more:
        return Refused(Reason.ONE_AT_A_TIME)
    match spelling.read(first):
        case spelling.Typo():
            return Refused(Reason.TYPO)
        case spelling.Native(text):
            return native.make(institution.id, asked, text, who, doors, visit.clock)
        case spelling.Ours(text):
            return making.make(
                visit.keyring(), institution.id, asked, text, who, doors, visit.clock, visit.head_start()
            )


def _doors(institution: Institution) -> Doors:
    budget = visit.settings().redeem_budget
    nobody = tokens.nobody(institution.canvas_url, visit.settings()).within(budget)
    return Doors(lambda: canvas.service(institution.id).within(budget), nobody)


def _done(sign_up_id: int) -> Response:
    cookie[SIGNED_UP] = sign_up_id
    return redirect(url_for(".done"), 303)


def _place() -> Place:
    """Where we are; Canvas is asked at most once a day who may sign up."""
    institution = tenants.here()
    with db.reading() as session:
        found = Place(
            institution,
            front.of(session, institution.id),
            policies.in_force(session, institution.id),
        )
    return found if front.is_fresh(found.front, visit.now()) else _learn(found)


def _learn(place: Place) -> Place:
    nobody = tokens.nobody(place.institution.canvas_url, visit.settings())
    try:
        terms = accounts.terms_of_service(nobody.within(visit.settings().redeem_budget))
    except (CanvasFailure, NotConnected):
        return place
    with db.transaction() as session:
        learned = front.learn(session, place.institution.id, terms, visit.now())
    return Place(place.institution, learned, place.rules)


def _page(
    place: Place,
    typed: SignUpForm,
    status: int = 200,
    *,
    refused: Refused | None = None,
    declined: frozenset[str] | None = None,
    lost: bool = False,
) -> tuple[str, int]:
    connect.leads_to(place.institution)
    page = render_template(
        "sign_up/closed.html" if place.closed else "sign_up/form.html",
        institution=place.institution,
        front=place.front,
        rules=place.rules,
        form=typed,
        refused=refused,
        declined=declined,
        lost=lost,
        observer=visit.find_observer(),
        canvas_login=front.canvas_login(place.institution.canvas_url),
    )
    return page, status
