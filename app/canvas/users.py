"""Users API: who somebody is, finding them, and making accounts for people."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.canvas.answers import Fields
from app.canvas.client import Canvas, path
from app.errors import CanvasRejects, FieldError


@dataclass(frozen=True, slots=True)
class User:
    """A Canvas user.

    The links are told by the User Observees API only; login, SIS id and e-mail to those who may know.
    """

    id: str
    name: str
    sortable_name: str
    observation_link_root_account_ids: tuple[str, ...] = ()
    login: str | None = None
    sis_user_id: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What a user's profile says: `time_zone` is an IANA name, `locale` a language they chose.

    `effective_locale` is the language Canvas shows them, chosen or not; told to themselves.
    """

    id: str
    name: str
    time_zone: str | None
    locale: str | None
    effective_locale: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """Somebody to be: without an e-mail address Canvas cannot write to them."""

    name: str
    login: str
    email: str | None = None
    sis_user_id: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Invalid:
    """Canvas does not take the form, and why, by field (`pseudonym.unique_id`, `pairing_code.code`)."""

    fields: tuple[FieldError, ...]


def user(fields: Fields) -> User:
    """A user object of any API."""
    name = fields.text("name")
    links = "observation_link_root_account_ids"
    return User(
        fields.id(),
        name,
        fields.optional_text("sortable_name") or name,
        fields.ids(links) if fields.has(links) else (),
        fields.optional_text("login_id"),
        fields.optional_text("sis_user_id"),
        fields.optional_text("email"),
    )


def get(canvas: Canvas, user_id: str) -> User:
    """A user, or CanvasMissing; also by "sis_user_id:…" or "sis_login_id:…".

    Users API, GET /api/v1/users/:id.
    """
    return user(canvas.get(path("users", user_id)).object())


def profile(canvas: Canvas, user_id: str = "self") -> Profile:
    """A user's profile. Users API, GET /api/v1/users/:user_id/profile."""
    fields = canvas.get(path("users", user_id, "profile")).object()
    return Profile(
        fields.id(),
        fields.text("name"),
        fields.optional_text("time_zone"),
        fields.optional_text("locale"),
        fields.optional_text("effective_locale"),
    )


def search_account(
    canvas: Canvas, account_id: str, term: str | None = None, enrollment_type: str | None = None
) -> list[User]:
    """The people of an account: whose name, login, SIS id or e-mail holds `term` (two letters or more).

    `enrollment_type` is student, teacher, ta, observer or designer.
    Users API, GET /api/v1/accounts/:account_id/users.
    """
    asked = [("include[]", "email")]
    if term is not None:
        asked.append(("search_term", term))
    if enrollment_type is not None:
        asked.append(("enrollment_type", enrollment_type))
    return [user(fields) for fields in canvas.pages(path("accounts", account_id, "users"), *asked)]


def create(canvas: Canvas, account_id: str, person: NewUser) -> User | Invalid:
    """Make an account for somebody, as an admin; Canvas sends them nothing.

    The initial enrollment type is left out: with "observer" Canvas would want a pairing code.
    Users API, POST /api/v1/accounts/:account_id/users.
    """
    form = {
        "user[name]": person.name,
        "user[skip_registration]": "true",
        "pseudonym[unique_id]": person.login,
        "pseudonym[send_confirmation]": "false",
    }
    if person.sis_user_id:
        form["pseudonym[sis_user_id]"] = person.sis_user_id
    if person.password:
        form["pseudonym[password]"] = person.password
    if person.email:
        form["communication_channel[type]"] = "email"
        form["communication_channel[address]"] = person.email
        form["communication_channel[skip_confirmation]"] = "true"
    return _make(canvas, account_id, form, [person.password or ""])


def register(
    canvas: Canvas, account_id: str, *, name: str, email: str, password: str, pairing_code: str
) -> User | Invalid:
    """Sign up as an observer by oneself, linked to the student of a native code, which is spent.

    Needs no token; CanvasForbids where the school does not let observers sign up. The person has agreed
    to the terms. Users API, POST /api/v1/accounts/:account_id/users.
    """
    form = {
        "user[name]": name,
        "user[terms_of_use]": "1",
        "user[initial_enrollment_type]": "observer",
        "pseudonym[unique_id]": email,
        "pseudonym[password]": password,
        "pairing_code[code]": pairing_code,
    }
    return _make(canvas, account_id, form, [password, pairing_code])


def _make(canvas: Canvas, account_id: str, form: dict[str, str], secrets: Iterable[str]) -> User | Invalid:
    try:
        return user(
            canvas.post(path("accounts", account_id, "users"), *form.items(), secrets=secrets).object()
        )
    except CanvasRejects as no:
        if not no.fields:
            raise
        return Invalid(no.fields)
