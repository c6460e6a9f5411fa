"""Making a user: by an administrator or by the people themselves (Users API, Create a user)."""

import re
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import request

from sandbox import providers, sessions
from sandbox.answers import Refused, not_found
from sandbox.links import link
from sandbox.people import sortable
from sandbox.rest import params
from sandbox.rest.api import has_token, may, path_account, serves, visitor
from sandbox.rest.bodies import Json, address, bare_user, user_json
from sandbox.world import Account, Login, PairingCode, User, current_world

EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+")
SHORTEST_PASSWORD = 8
TAKEN = "ID already in use for this account and authentication provider"


@serves("POST", "/accounts/:account_id/users", public=True)
def create(account_id: str) -> Json:
    """Make a user in the account's root account."""
    root = current_world().root_account(path_account(account_id).id)
    return answer(Form(root))


@serves("POST", "/accounts/:account_id/self_registration", public=True)
def self_register(account_id: str) -> Json:
    """The same at its deprecated address."""
    return create(account_id)


class Form:
    """What a request asks for, as far as the caller may ask for it; refused unless they may at all."""

    def __init__(self, root: Account) -> None:
        self.root = root
        self.user = params.group("user")
        self.pseudonym = params.group("pseudonym")
        self.channel = params.group("communication_channel")
        self.observer = params.text_in(self.user, "initial_enrollment_type") == "observer"
        self.by_admin = may("manage_user_logins", account_id=root.id)
        if not (self.by_admin or providers.admits(root, "observer" if self.observer else None)):
            raise Refused(403, {})
        self.trusted = self.by_admin and not params.flag(params.params(), "force_validations")
        self.unique_id = params.text_in(self.pseudonym, "unique_id") or ""
        self.password = self._password()
        manages_sis = may("manage_sis", account_id=root.id)
        self.sis_user_id = params.text_in(self.pseudonym, "sis_user_id") if manages_sis else None
        self.integration_id = params.text_in(self.pseudonym, "integration_id") if manages_sis else None
        self.code = self._code()
        self.provider_id = self._provider_id()

    @property
    def name(self) -> str | None:
        """The full name; an administrator may leave it to the log-in name."""
        return params.text_in(self.user, "name") or (self.unique_id if self.trusted else None)

    @property
    def accepts_terms(self) -> bool | None:
        """What was said about the terms, if anything."""
        return params.flag(self.user, "terms_of_use") if "terms_of_use" in self.user else None

    @property
    def email(self) -> str | None:
        """The address to write to: the channel's, or the log-in name when that is one."""
        if (params.text_in(self.channel, "type") or "email") != "email":
            return None
        found = params.text_in(self.channel, "address") or self.unique_id
        return found if EMAIL.fullmatch(found) else None

    def former_login(self) -> tuple[User, Login] | None:
        """The deleted login of the SIS id, when it is to be brought back."""
        if self.sis_user_id is None or not params.flag(params.params(), "enable_sis_reactivation"):
            return None
        found = current_world().login_by_sis_id(self.root.id, self.sis_user_id)
        return found if found and found[1].workflow_state == "deleted" else None

    def _password(self) -> str | None:
        """Only administrators and observers with a code choose a password at once, others by e-mail."""
        allowed = self.by_admin or (self.observer and self.root.self_registration != "none")
        value = self.pseudonym.get("password")
        return str(value) if value and allowed else None

    def _code(self) -> PairingCode | None:
        code = params.group("pairing_code").get("code")
        return current_world().usable_code(str(code)) if self.observer and code else None

    def _provider_id(self) -> int | None:
        wanted = params.text_in(self.pseudonym, "authentication_provider_id")
        provider = providers.find(self.root, wanted) if wanted else None
        if wanted and provider is None:
            raise not_found()
        return provider.id if provider else None


def sign_up(form: Form) -> User:
    """Make the user and their login, link them to the student of the code, and only then spend the code."""
    problems = _problems(form)
    if any(problems.values()):
        raise Refused(400, {"errors": problems})
    former = form.former_login()
    user = _revived(form, *former) if former else _made(form)
    if form.code is not None:
        link(current_world(), user, current_world().users[form.code.user_id], form.root.id)
        form.code.state = "deleted"
    return user


def _problems(form: Form) -> Json:
    """All that is wrong, under the keys of Canvas's registration form."""
    wrong_code = form.observer and form.code is None
    return {
        "user": _user_problems(form),
        "pseudonym": _login_problems(form),
        "observee": {},
        "pairing_code": {"code": [_problem("code", "invalid")]} if wrong_code else {},
        "recaptcha": _captcha_problem(form),
    }


def _user_problems(form: Form) -> Json:
    root, found = form.root, {}
    if form.name is None:
        found["name"] = [_problem("name", "blank")]
    terms_required = root.terms_type != "no_terms" and not root.terms_passive
    if terms_required and not form.trusted and not form.accepts_terms:
        found["terms_of_use"] = [_problem("terms_of_use", "accepted")]
    if _is_taken(form):
        found["pseudonyms"] = [_problem("pseudonyms", "invalid", TAKEN)]
    return found


def _login_problems(form: Form) -> Json:
    found = {}
    if not form.trusted and not EMAIL.fullmatch(form.unique_id):
        found["unique_id"] = [_problem("unique_id", "not_email")]
    elif not form.unique_id:
        found["unique_id"] = [_problem("unique_id", "too_short")]
    elif _is_taken(form):
        found["unique_id"] = [_problem("unique_id", "taken", TAKEN)]
    if form.password is not None and len(form.password) < SHORTEST_PASSWORD:
        found["password"] = [_problem("password", "too_short")]
    world, root_id = current_world(), form.root.id
    if form.sis_user_id and world.login_by_sis_id(root_id, form.sis_user_id) and not form.former_login():
        text = f'SIS ID "{form.sis_user_id}" is already in use'
        found["sis_user_id"] = [_problem("sis_user_id", "taken", text)]
    return found


def _is_taken(form: Form) -> bool:
    owner = current_world().user_by_login(form.root.id, form.unique_id)
    former = form.former_login()
    return owner is not None and (former is None or owner.id != former[0].id)


def _captcha_problem(form: Form) -> Json | None:
    """People who sign up by themselves solve a captcha; a token or a good code stands in for it."""
    spared = form.by_admin or has_token() or form.code is not None
    if form.root.recaptcha_key is None or spared or params.text("g-recaptcha-response"):
        return None
    return {"errors": ["missing-input-response"]}


def _problem(attribute: str, kind: str, text: str | None = None) -> dict[str, str]:
    return {"attribute": attribute, "type": kind, "message": text or kind}


def _made(form: Form) -> User:
    world, name = current_world(), form.name or ""
    login = Login(form.root.id, form.unique_id)
    user = User(
        id=world.next_id("user"),
        name=name,
        short_name=name,
        sortable_name=sortable(name),
        created_at=world.clock.now(),
        logins=[login],
        workflow_state="pre_registered",
    )
    _fill_in(form, user, login)
    return world.add_user(user)


def _revived(form: Form, user: User, login: Login) -> User:
    """A deleted login of the same SIS id comes back with its person."""
    login.workflow_state, user.workflow_state = "active", "registered"
    login.unique_id = form.unique_id
    if name := params.text_in(form.user, "name"):
        user.name, user.short_name, user.sortable_name = name, name, sortable(name)
    _fill_in(form, user, login)
    current_world().index_login(user, login)
    return user


def _fill_in(form: Form, user: User, login: Login) -> None:
    given = form.user
    user.short_name = params.text_in(given, "short_name") or user.short_name
    user.sortable_name = params.text_in(given, "sortable_name") or user.sortable_name
    user.time_zone = params.text_in(given, "time_zone") or user.time_zone
    user.locale = params.text_in(given, "locale") or user.locale
    user.email = form.email or user.email
    if form.password or params.flag(given, "skip_registration"):
        user.workflow_state = "registered"
    login.password = form.password or login.password
    login.sis_user_id, login.integration_id = form.sis_user_id, form.integration_id
    login.authentication_provider_id = form.provider_id


def answer(form: Form) -> Json:
    """Sign up; the new user as the caller may see them, with what was asked for besides."""
    user = sign_up(form)
    body: dict[str, Any] = (
        user_json(user, account=form.root, include=[]) if visitor() is not None else bare_user(user)
    )
    body["locale"] = user.locale
    if form.accepts_terms is not None:
        body["terms_of_use"] = form.accepts_terms
    confirms = params.flag(form.channel, "confirmation_url") and form.email is not None
    if confirms and may("manage_students", account_id=form.root.id):
        body["confirmation_url"] = address(f"/register/{user.uuid}")
    if destination := _destination(form, user):
        body["destination"] = destination
    return body


def _destination(form: Form, user: User) -> str | None:
    """The page asked for, with a token that opens it as the new user; on this host alone."""
    wanted = urlsplit(params.text("destination") or "")
    if form.password is None or (wanted.scheme, wanted.netloc) != (request.scheme, request.host):
        return None
    return with_session_token(urlunsplit(wanted), user)


def with_session_token(url: str, user: User) -> str:
    """An address that opens a session of a person, once."""
    parts = urlsplit(url)
    token = urlencode({"session_token": sessions.issue_token(user.id)})
    return urlunsplit(parts._replace(query=f"{parts.query}&{token}" if parts.query else token))
