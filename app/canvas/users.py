"""Users API: who somebody is, finding them, and making accounts for people."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import islice

from app.canvas.answers import Fields
from app.canvas.client import Canvas, named, path
from app.errors import CanvasMissing, CanvasRejects, FieldError


class SignedIn(Enum):
    """What Canvas tells of somebody's last login."""

    EVER = auto()
    NEVER = auto()
    UNTOLD = auto()  # by a scoped key that does not "allow include parameters"


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

    `effective_locale` is the language Canvas shows them, chosen or not; told to themselves. Login, SIS id
    and e-mail are told to those who may know; `tells_email` is whether that is so.
    """

    id: str
    name: str
    time_zone: str | None
    locale: str | None
    effective_locale: str | None
    login: str | None = None
    sis_user_id: str | None = None
    email: str | None = None
    tells_email: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """Somebody to be: without an e-mail address Canvas cannot write to them.

    `invited` has Canvas write to them, to choose a password. Who types all this `by_themselves` agrees to the
    terms, and is held to Canvas's rules and asked to confirm the address, as whoever signs up in Canvas.
    Else Canvas sends them nothing.
    """

    name: str
    login: str
    email: str | None = None
    sis_user_id: str | None = None
    password: str | None = field(default=None, repr=False)
    locale: str | None = None
    invited: bool = False
    by_themselves: bool = False


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


def by_login(login: str) -> str:
    """How a login stands in a path; what is no plain word goes in hexadecimal (Canvas "SIS IDs")."""
    return named("sis_login_id", login)


def by_sis_id(sis_user_id: str) -> str:
    """How a SIS id stands in a path."""
    return named("sis_user_id", sis_user_id)


def profile(canvas: Canvas, user_id: str = "self") -> Profile:
    """A user's profile. Users API, GET /api/v1/users/:user_id/profile."""
    fields = canvas.get(path("users", user_id, "profile")).object()
    return Profile(
        fields.id(),
        fields.text("name"),
        fields.optional_text("time_zone"),
        fields.optional_text("locale"),
        fields.optional_text("effective_locale"),
        fields.optional_text("login_id"),
        fields.optional_text("sis_user_id"),
        fields.optional_text("primary_email"),
        "primary_email" in fields.values,
    )


def search_account(
    canvas: Canvas,
    account_id: str,
    term: str | None = None,
    enrollment_type: str | None = None,
    most: int | None = None,
) -> list[User]:
    """The people of an account: whose name, login, SIS id or e-mail holds `term` (two letters or more).

    `enrollment_type` is student, teacher, ta, observer or designer; `most` is how many are enough.
    Users API, GET /api/v1/accounts/:account_id/users.
    """
    asked = [("include[]", "email")]
    if term is not None:
        asked.append(("search_term", term))
    if enrollment_type is not None:
        asked.append(("enrollment_type", enrollment_type))
    found = canvas.pages(path("accounts", account_id, "users"), *asked)
    return [user(fields) for fields in islice(found, most)]


def page_of_account(canvas: Canvas, account_id: str, after: str | None) -> tuple[list[User], str | None]:
    """A page of all people of an account with their e-mail addresses, and where the next one is.

    Users API, GET /api/v1/accounts/:account_id/users.
    """
    found, following = canvas.page(
        path("accounts", account_id, "users"), ("include[]", "email"), ("sort", "id"), after=after
    )
    return [user(fields) for fields in found], following


def signed_in(canvas: Canvas, user_id: str) -> SignedIn:
    """Whether somebody has ever used their account.

    Users API, GET /api/v1/users/:id.
    """
    fields = canvas.get(path("users", user_id), ("include[]", "last_login")).object()
    if "last_login" not in fields.values:
        return SignedIn.UNTOLD
    return SignedIn.EVER if fields.optional_text("last_login") else SignedIn.NEVER


def remove(canvas: Canvas, account_id: str, user_id: str) -> bool:
    """Take somebody out of a root account, with all they are in it; False if they were not there.

    Somebody with an SIS id only with the right to manage SIS data.
    Accounts API, DELETE /api/v1/accounts/:account_id/users/:user_id.
    """
    try:
        canvas.delete(path("accounts", account_id, "users", user_id))
    except CanvasMissing:
        return False
    return True


def create(canvas: Canvas, account_id: str, person: NewUser) -> User | Invalid:
    """Make an account for somebody, as an admin.

    The initial enrollment type is left out: with "observer" Canvas would want a pairing code.
    Users API, POST /api/v1/accounts/:account_id/users.
    """
    form = {
        "user[name]": person.name,
        "user[skip_registration]": _said(not person.invited),
        "pseudonym[unique_id]": person.login,
        "pseudonym[send_confirmation]": _said(person.invited or person.by_themselves),
    }
    if person.by_themselves:
        form |= {"user[terms_of_use]": "1", "force_validations": "true"}
    if person.sis_user_id:
        form["pseudonym[sis_user_id]"] = person.sis_user_id
    if person.locale:
        form["user[locale]"] = person.locale
    if person.password:
        form["pseudonym[password]"] = person.password
    if person.email:
        form["communication_channel[type]"] = "email"
        form["communication_channel[address]"] = person.email
        form["communication_channel[skip_confirmation]"] = _said(not (person.invited or person.by_themselves))
    return _make(canvas, account_id, form, [person.password or ""])


def register(
    canvas: Canvas,
    account_id: str,
    *,
    name: str,
    email: str,
    password: str,
    pairing_code: str,
    locale: str | None = None,
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
    if locale:
        form["user[locale]"] = locale
    return _make(canvas, account_id, form, [password, pairing_code])


def _said(yes: bool) -> str:
    return "true" if yes else "false"


def _make(canvas: Canvas, account_id: str, form: dict[str, str], secrets: Iterable[str]) -> User | Invalid:
    try:
        return user(
            canvas.post(path("accounts", account_id, "users"), *form.items(), secrets=secrets).object()
        )
    except CanvasRejects as no:
        if not no.fields:
            raise
        return Invalid(no.fields)
