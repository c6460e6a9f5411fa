"""Canvas's token endpoint: a code or a refresh token in, an access token out.

Authlib writes the requests (RFC 6749, RFC 7636); its httpx client is not used, because it reads answers
of any size, has no deadline for a whole request, and is deprecated for the httpx in use here.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client

from app.canvas import http
from app.canvas.answers import Answer, Fields
from app.canvas.failures import OAUTH_REFUSALS
from app.crypto import Keyring
from app.errors import CanvasNonsense, CanvasRejects, NotConnected
from app.models import Institution
from app.settings import Settings

TOKEN_PATH = "/login/oauth2/token"  # noqa: S105 - a path
IN_THE_FORM = "client_secret_post"  # where the client's secret goes: never into a URL


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """An access token, what renews it, and when it ends; None: never, as tokens made by hand."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant(Tokens):
    """Tokens, and whose they are. `masquerading`: an admin got them while acting as that user."""

    canvas_user_id: str
    name: str
    masquerading: bool = False


class _Wire:
    """What Authlib sends its requests through."""

    def __init__(self, contact: str, until: float, secrets: tuple[str, ...]) -> None:
        self.contact = contact
        self.until = until
        self.secrets = secrets

    def post(self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: ClientAuth) -> Answer:
        """Send a form with the client's credentials in it."""
        url, _headers, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        form = tuple(parse_qsl(body, keep_blank_values=True))
        return http.send(http.Call("POST", url, self.contact, form=form, secrets=self.secrets), self.until)


class TokenEndpoint(OAuth2Client):
    """Authlib's OAuth client, sending through ring one and leaving the answer to us."""

    def parse_response_token(self, answer: Answer) -> Answer:
        """The answer as it came; failures were named when it arrived."""
        return answer


def keep_key(keyring: Keyring, institution: Institution, client_id: str, secret: str) -> None:
    """Keep the institution's developer key for Canvas's API; its secret is sealed."""
    institution.oauth_client_id = client_id
    place = f"institutions.oauth_client_secret:{institution.slug}"
    institution.oauth_client_secret = keyring.seal(secret, place)


def client_secret(keyring: Keyring, institution: Institution) -> str:
    """The secret of the institution's developer key, or NotConnected."""
    if institution.oauth_client_secret is None:
        raise NotConnected(f"institution {institution.slug} has no key for Canvas's API")
    place = f"institutions.oauth_client_secret:{institution.slug}"
    return keyring.open(institution.oauth_client_secret, place)


def _ask(
    settings: Settings,
    keyring: Keyring,
    institution: Institution,
    until: float,
    grant_type: str,
    **proof: str,
) -> Fields:
    """Source: Canvas "OAuth2 Endpoints", POST /login/oauth2/token."""
    secret = client_secret(keyring, institution)
    wire = _Wire(settings.contact, until, (secret, *proof.values()))
    endpoint = TokenEndpoint(  # type: ignore[no-untyped-call]
        wire, institution.oauth_client_id, secret, token_endpoint_auth_method=IN_THE_FORM
    )
    url = institution.canvas_url + TOKEN_PATH
    answer: Answer = endpoint.fetch_token(url, grant_type=grant_type, **proof)  # type: ignore[no-untyped-call]
    return answer.object()


def exchange(
    settings: Settings,
    keyring: Keyring,
    institution: Institution,
    *,
    code: str,
    verifier: str,
    redirect_uri: str,
    now: datetime,
) -> Grant:
    """The grant for a code; CanvasRejects if Canvas does not know it, or the developer key."""
    fields = _ask(
        settings,
        keyring,
        institution,
        time.monotonic() + settings.canvas_timeout.total_seconds(),
        "authorization_code",
        code=code,
        code_verifier=verifier,
        redirect_uri=redirect_uri,
    )
    owner = fields.object("user")
    return Grant(
        access=fields.secret("access_token"),
        refresh=fields.secret("refresh_token") if fields.has("refresh_token") else None,
        expires_at=_expires_at(fields, now),
        canvas_user_id=owner.id(),
        name=owner.text("name"),
        masquerading=fields.has("real_user"),
    )


def refresh(
    settings: Settings, keyring: Keyring, institution: Institution, token: str, until: float, now: datetime
) -> Tokens | None:
    """New tokens for a refresh token; None if Canvas refuses for good.

    Canvas sends no new refresh token: the old one stays good. A refused one is `invalid_request`,
    "refresh_token not found"; a developer key that was deleted or changed is `invalid_client`.
    """
    try:
        fields = _ask(settings, keyring, institution, until, "refresh_token", refresh_token=token)
    except CanvasRejects as no:
        if no.message.partition(":")[0] in OAUTH_REFUSALS:
            return None
        raise CanvasNonsense(no.method, no.path, no.status, "a refusal that OAuth does not know") from None
    return Tokens(
        access=fields.secret("access_token"),
        refresh=fields.secret("refresh_token") if fields.has("refresh_token") else token,
        expires_at=_expires_at(fields, now),
    )


def _expires_at(fields: Fields, now: datetime) -> datetime | None:
    return now + timedelta(seconds=fields.seconds("expires_in")) if fields.has("expires_in") else None
