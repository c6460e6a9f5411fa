"""The API key of an institution, as far as a stranger can see it at Canvas's authorization page.

Canvas looks at the key, the redirect address and the scopes before it asks anybody to sign in (Canvas
"OAuth2 Endpoints", GET /login/oauth2/auth). So what would fail later can be told without a person.
"""

import json
from collections.abc import Callable, Iterable
from urllib.parse import parse_qs, urlsplit

from app.canvas.oauth import (
    AUTHORIZE_PATH,
    CALLBACK_PATH,
    KEY_SCOPES,
    OBSERVER_SCOPES,
    SERVICE_SCOPES,
    STUDENT_SCOPES,
    service_scopes,
)
from app.inspector.findings import Finding, Part, Who, problem, unchecked, well
from app.inspector.findings import said as _
from app.inspector.stranger import NoAnswer, Stranger
from app.models import Institution

PAGE = "Admin → Developer Keys → Observatory's API key"
FINE = "login"  # Canvas would now let somebody sign in
Ask = Callable[[Iterable[str]], str]


def examine(institution: Institution, public_url: str, stranger: Stranger) -> list[Finding]:
    """Whether Canvas knows the key, takes our redirect address, and allows what observers need."""
    what = _("Canvas knows the API key")
    if institution.oauth_client_id is None:
        means = _("No key is registered. Nobody can sign in with Canvas or lend a service account.")
        how = _("Make one in Canvas (Admin → Developer Keys → + API Key), then: observatory platform add")
        return [problem(Part.KEY, what, means, Who.OPERATOR, how)]
    callback = public_url + CALLBACK_PATH

    def ask(scopes: Iterable[str]) -> str:
        return _ask(institution, callback, stranger, scopes)

    try:
        return _told(ask, callback, tuple(dict.fromkeys((*KEY_SCOPES, *service_scopes(institution)))))
    except NoAnswer as failure:
        return [unchecked(Part.KEY, what, _("Canvas did not answer (%(failure)s).", failure=str(failure)))]


def _told(ask: Ask, callback: str, every: tuple[str, ...]) -> list[Finding]:
    answer = ask(every)
    known = _("Canvas knows the API key")
    redirect = _("The API key leads back to %(url)s", url=callback)
    match answer:
        case "invalid_client" | "unauthorized_client":
            means = _("It is not there, switched off, or not for this account. Nobody can sign in.")
            how = _("%(page)s: switch it on, and compare its number with the registered one.", page=PAGE)
            return [problem(Part.KEY, known, means, Who.ADMIN, how)]
        case "invalid_request":
            means = _("Canvas does not take this address. Nobody can sign in.")
            how = _("%(page)s → Edit → Redirect URIs: add %(url)s", page=PAGE, url=callback)
            return [well(Part.KEY, known), problem(Part.KEY, redirect, means, Who.ADMIN, how)]
    missing = [scope for scope in every if ask([scope]) == "invalid_scope"] if answer != FINE else []
    if answer != FINE and not missing:
        told = _("Canvas answered in a way this program does not know (%(answer)s).", answer=answer)
        return [unchecked(Part.KEY, known, told)]
    found = [well(Part.KEY, known), well(Part.KEY, redirect)]
    return found + [_missing(scope) for scope in missing]


def _missing(scope: str) -> Finding:
    what = _("The API key has the scope %(scope)s", scope=scope)
    if scope in OBSERVER_SCOPES:
        means = _("It is missing. Observers cannot sign in.")
    elif scope in STUDENT_SCOPES:
        means = _("It is missing. Students can make no codes while no service account is connected.")
    elif scope in SERVICE_SCOPES:
        means = _("It is missing. No service account can be connected.")
    else:
        means = _("It is missing. What was switched on beyond pairing does not work.")
    return problem(Part.KEY, what, means, Who.ADMIN, _("%(page)s → Edit → Scopes: tick it.", page=PAGE))


def _ask(institution: Institution, callback: str, stranger: Stranger, scopes: Iterable[str]) -> str:
    """Canvas's word for what is wrong, FINE, or the status of an answer that says neither."""
    heard = stranger.asks(
        institution.canvas_url + AUTHORIZE_PATH,
        client_id=institution.oauth_client_id or "",
        response_type="code",
        redirect_uri=callback,
        scope=" ".join(scopes),
        state="inspection",
    )
    if 300 <= heard.status < 400:
        where = heard.headers.get("location", "")
        if not where.startswith(callback):
            return FINE
        return parse_qs(urlsplit(where).query).get("error", [str(heard.status)])[0]
    try:
        return str(json.loads(heard.body)["error"])
    except (ValueError, KeyError, TypeError):
        return str(heard.status)
