"""Canvas's OAuth, as far as a browser takes part: going there, coming back, and giving a token up."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast

from authlib.oauth2.client import OAuth2Client
from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from app.canvas import grants
from app.canvas.client import Canvas
from app.canvas.grants import TOKEN_PATH, Grant
from app.crypto import Keyring, fingerprint, random_token
from app.errors import NotConnected, TokenDead
from app.models import Institution, OAuthAttempt, OAuthPurpose
from app.settings import Settings

AUTHORIZE_PATH = "/login/oauth2/auth"
CALLBACK_PATH = "/canvas/callback"  # of this server: where Canvas sends people back to
ATTEMPT_LIFE = timedelta(minutes=30)  # to sign in, and to find a forgotten password first

# The least that works, as a developer key with enforced scopes wants it ("API Scopes").
OBSERVER_SCOPES = (
    "url:GET|/api/v1/users/:user_id/profile",  # their language and time zone
    "url:GET|/api/v1/users/:user_id/observees",  # whom they observe already
    "url:POST|/api/v1/users/:user_id/observees",  # redeem a code of Canvas's own
    "url:DELETE|/api/v1/users/:user_id/observees/:observee_id",  # leave
    "url:GET|/api/v1/courses",  # the courses they observe in
)
SERVICE_SCOPES = (
    "url:GET|/api/v1/users/:user_id/profile",  # whose account this is, and its time zone
    "url:GET|/api/v1/users/:user_id/courses",  # the courses an all-course link will show
    "url:GET|/api/v1/users/:user_id/observers",  # who can see a student
    "url:GET|/api/v1/users/:user_id/observees",  # reconciling: whom an observer sees
    "url:GET|/api/v1/users/:user_id/enrollments",  # reconciling: in which sections
    "url:GET|/api/v1/users/:user_id/observees/:observee_id",  # whether a link is there
    "url:PUT|/api/v1/users/:user_id/observees/:observee_id",  # make an all-course link
    "url:DELETE|/api/v1/users/:user_id/observees/:observee_id",  # end it
    "url:GET|/api/v1/courses/:course_id/users",  # the students of a course
    "url:GET|/api/v1/courses/:course_id/enrollments",  # their sections, and who observes there
    "url:POST|/api/v1/sections/:section_id/enrollments",  # make a link in one course
    "url:DELETE|/api/v1/courses/:course_id/enrollments/:id",  # end it
    "url:GET|/api/v1/accounts/:account_id/permissions",  # the setup check: what its role may do
    "url:GET|/api/v1/accounts/:account_id/terms_of_service",  # the setup check: who may sign up
)
SIGN_UP_SCOPES = (
    "url:POST|/api/v1/users/:user_id/observer_pairing_codes",  # the code an account is made with
    "url:GET|/api/v1/accounts/:account_id/users",  # whether an account was made
    "url:POST|/api/v1/accounts/:account_id/users",  # an account for one course
    "url:GET|/api/v1/accounts/:account_id/authentication_providers",  # the ways to log in
    "url:PUT|/api/v1/accounts/:account_id/authentication_providers/:id",  # who may sign up
    "url:GET|/api/v1/accounts/:account_id/sso_settings",  # the discovery address
    "url:PUT|/api/v1/accounts/:account_id/sso_settings",  # change it
)
IMPORT_SCOPES = (
    "url:GET|/api/v1/accounts/:account_id/users",  # who has an account
    "url:GET|/api/v1/users/:id",  # the same, by an id of the school
    "url:POST|/api/v1/accounts/:account_id/users",  # an account for an observer
    "url:DELETE|/api/v1/accounts/:account_id/users/:user_id",  # undo that
    "url:GET|/api/v1/accounts/:account_id/courses",  # a course by its code
    "url:GET|/api/v1/courses/:id",  # or by its id
    "url:GET|/api/v1/courses/:course_id/sections",  # a section by its name
    "url:GET|/api/v1/sections/:id",  # or by its id
    "url:POST|/api/v1/accounts/:account_id/sis_imports",  # hand files to Canvas's own importer
    "url:GET|/api/v1/accounts/:account_id/sis_imports/:id",  # how far it is
    "url:GET|/api/v1/accounts/:account_id/sis_imports/:id/errors",  # and what it says of which row
    "url:PUT|/api/v1/accounts/:account_id/sis_imports/:id/abort",  # stop it
    "url:GET|/api/v1/accounts/:account_id/sis_imports",  # whether it works on ours, when its number was lost
)
COVERAGE_SCOPES = (
    "url:GET|/api/v1/accounts/:account_id/sub_accounts",  # the schools of a district
    "url:GET|/api/v1/accounts/:account_id/courses",  # what is taught there
)
OFFICE_SCOPES = (
    "url:GET|/api/v1/accounts/:account_id/users",  # find anybody by name
    "url:POST|/api/v1/accounts/:account_id/users",  # an account for an observer
    "url:POST|/api/v1/users/:user_id/observees",  # connect by a code of Canvas or the student's sign-in
    "url:POST|/api/v1/users/:user_id/observer_pairing_codes",  # a code of Canvas's own for a student
)
STUDENT_SCOPES = (
    "url:POST|/api/v1/users/:user_id/observer_pairing_codes",  # a code of Canvas's own
    "url:GET|/api/v1/users/:user_id/observers",  # who can see all their courses
)
SCOPES = {
    OAuthPurpose.OBSERVER: OBSERVER_SCOPES,
    OAuthPurpose.SERVICE: SERVICE_SCOPES,
    OAuthPurpose.STUDENT: STUDENT_SCOPES,
}


class Extra(StrEnum):
    """What a service account is lent besides, if the institution wants it."""

    SIGN_UP = "sign_up"  # families make accounts; the first page knows the ways to log in
    IMPORT = "import"  # an admin imports observers from sheets
    OFFICE = "office"  # the school office helps one family after the other
    COVERAGE = "coverage"  # how many students have observers is counted


EXTRA_SCOPES = {
    Extra.SIGN_UP: SIGN_UP_SCOPES,
    Extra.IMPORT: IMPORT_SCOPES,
    Extra.OFFICE: OFFICE_SCOPES,
    Extra.COVERAGE: COVERAGE_SCOPES,
}
KEY_SCOPES = tuple(dict.fromkeys((*OBSERVER_SCOPES, *STUDENT_SCOPES, *SERVICE_SCOPES)))  # of the one key


class CallbackProblem(StrEnum):
    """Why Canvas sent somebody back without a code: its `error` word."""

    ACCESS_DENIED = "access_denied"  # they said no
    INVALID_SCOPE = "invalid_scope"  # the developer key lacks a scope we ask for
    UNAUTHORIZED_CLIENT = "unauthorized_client"  # the key is off, or not for this account
    INVALID_CLIENT = "invalid_client"  # no such key
    INVALID_REQUEST = "invalid_request"
    LOGIN_REQUIRED = "login_required"
    INTERACTION_REQUIRED = "interaction_required"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
    OTHER = "other"

    @classmethod
    def _missing_(cls, value: object) -> "CallbackProblem":
        return cls.OTHER


class Refusal(StrEnum):
    """Why a return from Canvas is not taken."""

    UNKNOWN = "unknown"  # we never sent anybody with this state
    SPENT = "spent"  # somebody has come back with it before
    EXPIRED = "expired"
    OTHER_BROWSER = "other_browser"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A trip to Canvas that has come back: what it was for."""

    institution_id: int
    purpose: OAuthPurpose
    verifier: str = field(repr=False)
    typed: str | None = field(repr=False)
    launch_id: int | None


def service_scopes(institution: Institution) -> tuple[str, ...]:
    """What this institution's service account is asked for, with the extras that are switched on."""
    extras = [EXTRA_SCOPES[Extra(one)] for one in institution.extras or ()]
    return tuple(dict.fromkeys(scope for scopes in (SERVICE_SCOPES, *extras) for scope in scopes))


def begin(
    session: Session,
    keyring: Keyring,
    institution: Institution,
    purpose: OAuthPurpose,
    redirect_uri: str,
    browser: str,
    typed: str | None,
    launch_id: int | None,
    now: datetime,
) -> str:
    """The address at Canvas to send the browser to; raises NotConnected without a developer key.

    `browser` is a secret only this browser holds; `typed` the codes to remember meanwhile. State and PKCE
    (S256): RFC 6749 10.12, RFC 7636. Source: Canvas "OAuth2 Endpoints", GET /login/oauth2/auth.
    """
    if not institution.oauth_client_id:
        raise NotConnected(f"institution {institution.slug} has no key for Canvas's API")
    state, verifier = random_token(), random_token()
    digest = fingerprint(state)
    session.add(
        OAuthAttempt(
            institution_id=institution.id,
            purpose=purpose,
            state_digest=digest,
            browser_digest=fingerprint(browser),
            verifier=keyring.seal(verifier, f"oauth_attempts.verifier:{digest}"),
            typed=keyring.seal(typed, f"oauth_attempts.typed:{digest}") if typed else None,
            launch_id=launch_id,
            created_at=now,
            expires_at=now + ATTEMPT_LIFE,
        )
    )
    scopes = service_scopes(institution) if purpose is OAuthPurpose.SERVICE else SCOPES[purpose]
    client = OAuth2Client(None, institution.oauth_client_id, code_challenge_method="S256")
    url, _state = client.create_authorization_url(
        institution.canvas_url + AUTHORIZE_PATH,
        state,
        verifier,
        redirect_uri=redirect_uri,
        scope=" ".join(scopes),
    )
    return cast(str, url)


def take(session: Session, keyring: Keyring, state: str, browser: str, now: datetime) -> Attempt | Refusal:
    """Spend a state that came back. Whoever brings it, it cannot be brought again."""
    digest = fingerprint(state)
    spent = cast(
        CursorResult[None],
        session.execute(
            update(OAuthAttempt)
            .where(OAuthAttempt.state_digest == digest, OAuthAttempt.spent_at.is_(None))
            .values(spent_at=now)
            .execution_options(synchronize_session=False)
        ),
    )
    row = session.scalars(select(OAuthAttempt).where(OAuthAttempt.state_digest == digest)).one_or_none()
    if row is None:
        return Refusal.UNKNOWN
    if spent.rowcount != 1:
        return Refusal.SPENT
    if row.expires_at <= now:
        return Refusal.EXPIRED
    if row.browser_digest != fingerprint(browser):
        return Refusal.OTHER_BROWSER
    return Attempt(
        row.institution_id,
        row.purpose,
        keyring.open(row.verifier, f"oauth_attempts.verifier:{digest}"),
        keyring.open(row.typed, f"oauth_attempts.typed:{digest}") if row.typed else None,
        row.launch_id,
    )


def exchange(
    settings: Settings,
    keyring: Keyring,
    institution: Institution,
    attempt: Attempt,
    code: str,
    redirect_uri: str,
    now: datetime,
) -> Grant:
    """The tokens for the code Canvas sent back. Raises CanvasRejects if it is not, or no longer, good."""
    return grants.exchange(
        settings,
        keyring,
        institution,
        code=code,
        verifier=attempt.verifier,
        redirect_uri=redirect_uri,
        now=now,
    )


def revoke(canvas: Canvas) -> bool:
    """Have Canvas forget the token, and what renews it; False if it had done so before.

    Source: Canvas "OAuth2 Endpoints", DELETE /login/oauth2/token.
    """
    try:
        canvas.delete(TOKEN_PATH)
    except TokenDead:
        return False
    return True
