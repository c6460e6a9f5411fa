"""The one module that touches PyLTI1p3: its order of checks over our tables, every gap of it closed.

PyLTI1p3 2.0.0 keeps states and nonces in a session and never spends them, does not miss `exp`, `iat` or
`azp`, takes the first audience for the only one, trusts the algorithm a key set names, and caches whatever a
key address answers. Here a launch is checked against the one login it answers.

Its abstract classes declare more than these two flows call; what is never called is not written.
"""

# mypy: disable-error-code="abstract"

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, NoReturn, Self, cast

import jwt
import requests
from pylti1p3.cookie import CookieService
from pylti1p3.deployment import Deployment
from pylti1p3.exception import LtiException
from pylti1p3.message_launch import MessageLaunch, TJwtData
from pylti1p3.oidc_login import OIDCLogin
from pylti1p3.redirect import Redirect
from pylti1p3.registration import Registration
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config.abstract import ToolConfAbstract

from app.crypto import fingerprint
from app.lti.keysets import KeySets
from app.lti.refusals import Reason, Refused

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
LEEWAY = timedelta(seconds=60)  # how far two clocks may be apart
STATE_PREFIX = "state-"  # PyLTI1p3 puts it before every state
FAR_FUTURE = 10**11  # seconds since 1970; what is later is no time

Claims = Mapping[str, Any]
_JWS = jwt.PyJWS(algorithms=["RS256"])
_NO_NETWORK = requests.Session()  # PyLTI1p3 makes one per launch unless it is given one; ours never uses it


@dataclass(frozen=True, slots=True)
class Registered:
    """What we know of a platform, and of the deployment that is launching (None: not one of ours)."""

    issuer: str
    client_id: str
    authorize_url: str
    jwks_url: str
    deployment_id: str | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """What we know of the login that a launch answers."""

    registered: Registered
    nonce_digest: str
    browser_digest: str
    target_link_uri: str


@dataclass(frozen=True, slots=True)
class Token:
    """A token taken apart, not yet believed."""

    text: str
    header: Claims
    claims: Claims


def take_apart(text: str) -> Token:
    """Header and claims of a JWT (RFC 7519, section 7.2), nothing verified; raises Refused."""
    parts = text.split(".")
    if len(parts) != 3:
        raise Refused(Reason.TOKEN_MALFORMED, f"{len(parts)} parts")
    try:
        header, claims = (json.loads(_decoded(part), parse_constant=_no_constant) for part in parts[:2])
    except (ValueError, RecursionError) as failure:
        raise Refused(Reason.TOKEN_MALFORMED, type(failure).__name__) from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise Refused(Reason.TOKEN_MALFORMED, "not objects")
    return Token(text, header, claims)


def _decoded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _no_constant(word: str) -> NoReturn:
    raise ValueError(word)  # NaN and Infinity are Python's, not JSON's


def authorize_url(
    registered: Registered, params: Mapping[str, str], launch_url: str, state: str, nonce: str
) -> str:
    """Where to send the browser (LTI Security 1.1, section 5.1.1.2); the parameters are complete."""
    kept = _Given(state, nonce)
    login = _Initiation(_Form(params), _OnePlatform(registered), kept, kept)
    return login.redirect(launch_url)


def verify(
    token: Token, state: str, browser: str | None, login: Login, key_sets: KeySets, now: datetime
) -> Claims:
    """The claims of a token that answers this login in this browser, every check passed; raises Refused."""
    message = _Message(token, state, browser, login, key_sets, now)
    for check, reason in (
        (message.validate_state, Reason.STATE_UNKNOWN),
        (message.validate_jwt_signature, Reason.SIGNATURE),
        (message.validate_registration, Reason.ISSUER),
        (message.validate_times, Reason.EXPIRED),
        (message.validate_nonce, Reason.NONCE),
        (message.validate_deployment, Reason.CLAIM_MISSING),
        (message.validate_message, Reason.CLAIM_MISSING),
    ):
        try:
            check()
        except LtiException as failure:
            raise Refused(reason, str(failure)) from None
    return token.claims


class _Form(Request):
    """The parameters of a request."""

    def __init__(self, params: Mapping[str, str]) -> None:
        self._params = params

    def get_param(self, key: str) -> str:
        return self._params.get(key, "")


class _OnePlatform(ToolConfAbstract[_Form]):
    """The one platform that this login or launch can be about."""

    def __init__(self, registered: Registered) -> None:
        self._registered = registered

    def check_iss_has_one_client(self, iss: str) -> bool:
        return False

    def find_registration_by_params(
        self, iss: str, client_id: str, *args: Any, **kwargs: Any
    ) -> Registration:
        ours = self._registered
        if iss != ours.issuer:
            raise Refused(Reason.ISSUER, "not the one the login was for")
        found = Registration().set_issuer(ours.issuer).set_client_id(ours.client_id)
        return found.set_auth_login_url(ours.authorize_url)

    def find_deployment_by_params(
        self, iss: str, deployment_id: str, client_id: str, *args: Any, **kwargs: Any
    ) -> Deployment:
        if not isinstance(deployment_id, str):
            raise Refused(Reason.CLAIM_MALFORMED, "deployment_id")
        if deployment_id != self._registered.deployment_id:
            raise Refused(Reason.DEPLOYMENT_UNKNOWN, deployment_id, deployment_id)
        return Deployment().set_deployment_id(deployment_id)


class _Given(SessionService, CookieService):
    """Takes PyLTI1p3's wish to keep state and nonce: the login's row and cookie do."""

    def __init__(self, state: str, nonce: str) -> None:
        self.state = state
        self.nonce = nonce

    def set_cookie(self, name: str, value: str | int, exp: int | None = None) -> None: ...

    def save_nonce(self, nonce: str) -> None: ...


class _To(Redirect[str]):
    """A redirect that only says where to."""

    def __init__(self, location: str) -> None:
        self._location = location

    def do_redirect(self) -> str:
        return self._location


class _Initiation(OIDCLogin[_Form, _OnePlatform, _Given, _Given, str]):
    """PyLTI1p3's login with 256 random bits for state and nonce; its own hold a time and a network card."""

    def _get_uuid(self) -> str:
        return self._session_service.state.removeprefix(STATE_PREFIX)

    def _generate_nonce(self) -> str:
        return self._session_service.nonce

    def get_redirect(self, url: str) -> Redirect[str]:
        return _To(url)


class _Spent(SessionService):
    """The nonce this login was given. That it is used once is seen to by the login's row, spent with it."""

    def __init__(self, login: Login) -> None:
        self._login = login

    def check_state_is_valid(self, state: str, id_token_hash: str) -> bool:
        return False  # PyLTI1p3 lets a launch it has seen pass without a cookie

    def check_nonce(self, nonce: str) -> bool:
        return isinstance(nonce, str) and compare_digest(fingerprint(nonce), self._login.nonce_digest)


class _Browser(CookieService):
    """The secret of the browser the login began in, from its cookie or from Canvas's storage."""

    def __init__(self, login: Login, browser: str | None) -> None:
        self._login = login
        self._browser = browser

    def get_cookie(self, name: str) -> str | None:
        if self._browser is None:
            raise Refused(Reason.BROWSER_MISSING)
        if not compare_digest(fingerprint(self._browser), self._login.browser_digest):
            raise Refused(Reason.BROWSER_OTHER)
        return name


class _Message(MessageLaunch[_Form, _OnePlatform, _Spent, _Browser]):
    """PyLTI1p3's checks. Each override says what the original lacks."""

    def __init__(
        self,
        token: Token,
        state: str,
        browser: str | None,
        login: Login,
        key_sets: KeySets,
        now: datetime,
    ) -> None:
        super().__init__(
            _Form({"state": state, "id_token": token.text}),
            _OnePlatform(login.registered),
            _Spent(login),
            _Browser(login, browser),
            requests_session=_NO_NETWORK,
        )
        self.set_auto_validation(enable=False)
        self._token = token
        self.set_jwt(cast(TJwtData, {"header": token.header, "body": token.claims}))
        self._login = login
        self._key_sets = key_sets
        self._now = now

    def _get_request_param(self, key: str) -> str:
        return self._request.get_param(key)

    def get_client_id(self) -> str:
        """The audience, which may be a list, and then needs us as the authorized party (LTI Security 5.1.3).

        The original takes the first of a list, and never reads `azp`.
        """
        ours = self._login.registered.client_id
        audience, party = (self._token.claims.get(name) for name in ("aud", "azp"))
        named = audience if isinstance(audience, list) else [audience]
        if ours not in named:
            raise Refused(Reason.AUDIENCE, "aud does not name us")
        if party != ours and (party is not None or len(named) > 1):
            raise Refused(Reason.AUDIENCE, "azp does not name us")
        return ours

    def validate_jwt_signature(self) -> Self:
        """RS256 alone, by a key of the platform this login went to.

        The original lets the key set choose the algorithm, fetches keys without a time-out, and never again.
        """
        algorithm, kid = (self._token.header.get(name) for name in ("alg", "kid"))
        if algorithm != "RS256":
            raise Refused(Reason.ALGORITHM, repr(algorithm)[:40])
        if not isinstance(kid, str):
            raise Refused(Reason.KEY_UNKNOWN, "no kid")
        key = self._key_sets.find(self._login.registered.jwks_url, kid, self._now)
        try:
            _JWS.decode_complete(self._get_id_token(), key, algorithms=["RS256"])
        except jwt.PyJWTError as failure:
            raise Refused(Reason.SIGNATURE, str(failure)) from None
        return self

    def validate_times(self) -> None:
        """`exp` and `iat` must be there and make sense, with leeway; the original asks for neither."""
        now, leeway = self._now.timestamp(), LEEWAY.total_seconds()
        if self._time("exp") + leeway <= now:
            raise Refused(Reason.EXPIRED, "exp")
        if self._time("iat") - leeway > now:
            raise Refused(Reason.NOT_YET, "iat")
        if "nbf" in self._token.claims and self._time("nbf") - leeway > now:
            raise Refused(Reason.NOT_YET, "nbf")

    def _time(self, name: str) -> float:
        value = _required(self._token.claims, name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < FAR_FUTURE:
            raise Refused(Reason.CLAIM_MALFORMED, name)
        return value

    def validate_message(self) -> Self:
        """One kind of message, and the types in it: the original takes four, and fails on types."""
        claims = self._token.claims
        if claims.get(CLAIM + "version") != "1.3.0":
            raise Refused(Reason.VERSION, repr(claims.get(CLAIM + "version"))[:40])
        if claims.get(CLAIM + "message_type") != "LtiResourceLinkRequest":
            raise Refused(Reason.MESSAGE_TYPE, repr(claims.get(CLAIM + "message_type"))[:40])
        for name, kind in (("sub", str), (CLAIM + "roles", list), (CLAIM + "resource_link", dict)):
            if not isinstance(_required(claims, name), kind):
                raise Refused(Reason.CLAIM_MALFORMED, name)
        if _required(claims, CLAIM + "target_link_uri") != self._login.target_link_uri:
            raise Refused(Reason.TARGET_FOREIGN, "not the one the login was for")
        super().validate_message()
        return self


def _required(claims: Claims, name: str) -> Any:
    value = claims.get(name)
    if value is None:
        raise Refused(Reason.CLAIM_MISSING, name)
    return value
