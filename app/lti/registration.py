"""Dynamic registration: a Canvas says where it answers, and we tell it what we are.

LTI Dynamic Registration 1.0; Canvas API docs, "LTI Dynamic Registration".
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from app.lti.configuration import (
    CUSTOM_FIELDS,
    DESCRIPTION,
    JWKS_PATH,
    LOGIN_PATH,
    LOWEST_PRIVACY,
    PLACEMENTS,
    SCOPES,
    TITLE,
    label,
)
from app.lti.environments import ENVIRONMENTS
from app.lti.fetching import fetch
from app.lti.login import LAUNCH_PATH
from app.settings import origin, safe_url

NEEDED = "account_navigation"  # an admin ends the set-up there
PRIVACY = {LOWEST_PRIVACY: ("sub",), "name_only": ("sub", "name", "given_name", "family_name")}
CANVAS = "https://canvas.instructure.com/lti/"  # before Canvas's own words
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"


class Trouble(StrEnum):
    """Why a Canvas could not be registered. Each has its sentence in lti/register.html."""

    FOREIGN = "foreign"  # it is not the Canvas that was invited
    AWAY = "away"
    REFUSED = "refused"
    NONSENSE = "nonsense"


@dataclass(frozen=True, slots=True)
class Offer:
    """What Canvas opened us with. The token stands for the admin who did, for an hour."""

    configuration_url: str
    token: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What the admin chose."""

    placements: Collection[str]
    privacy: str


@dataclass(frozen=True, slots=True)
class Told:
    """What Canvas says about itself (its OpenID configuration)."""

    issuer: str
    authorize_url: str
    token_url: str
    jwks_url: str
    registration_url: str
    placements: frozenset[str]  # in Canvas's words; empty: it does not say


@dataclass(frozen=True, slots=True)
class Registered:
    """What Canvas calls us from now on; a Canvas before 2026 does not name the deployment."""

    client_id: str
    deployment_id: str | None


def belongs(url: str, canvas_url: str) -> bool:
    """Whether an address is of the invited Canvas, or of the hosts that answer for every hosted one.

    Nothing else is ever asked: the address comes from whoever holds the link.
    """
    ours = {canvas_url, *(one.sso for one in ENVIRONMENTS.values())}
    try:
        return safe_url(url) and origin(url) in {origin(one) for one in ours}
    except ValueError:
        return False


def learn(offer: Offer, canvas_url: str, timeout: timedelta) -> Told | Trouble:
    """Ask Canvas about itself. Some versions want the token as a parameter, others as a header."""
    url = offer.configuration_url
    if not belongs(url, canvas_url):
        return Trouble.FOREIGN
    if "registration_token" not in parse_qs(urlsplit(url).query):
        url += ("&" if "?" in url else "?") + urlencode({"registration_token": offer.token})
    answer = _ask(url, offer.token, timeout)
    if isinstance(answer, Trouble):
        return answer
    try:
        told = _told(answer)
    except (KeyError, TypeError, ValueError):
        return Trouble.NONSENSE
    return told if belongs(told.registration_url, canvas_url) else Trouble.FOREIGN


def register(
    told: Told, offer: Offer, wish: Wish, public_url: str, timeout: timedelta
) -> Registered | Trouble:
    """Send our configuration, and learn what we are called."""
    answer = _ask(told.registration_url, offer.token, timeout, tool(wish, public_url, told.placements))
    if isinstance(answer, Trouble):
        return answer
    client_id = answer.get("client_id")
    if not isinstance(client_id, str | int) or isinstance(client_id, bool) or not str(client_id).strip():
        return Trouble.NONSENSE
    nested = answer.get(TOOL)
    inner = nested.get("deployment_id") if isinstance(nested, dict) else None
    deployment = answer.get("deployment_id") or inner
    return Registered(str(client_id), deployment if isinstance(deployment, str) else None)


def tool(wish: Wish, public_url: str, offered: Collection[str] = ()) -> dict[str, Any]:
    """What we are, as a registration asks for it."""
    launch_url = public_url + LAUNCH_PATH
    return {
        "application_type": "web",
        "grant_types": ["client_credentials", "implicit"],
        "response_types": ["id_token"],
        "redirect_uris": [launch_url],
        "initiate_login_uri": public_url + LOGIN_PATH,
        "client_name": TITLE,
        "client_uri": public_url,
        "logo_uri": f"{public_url}/static/icon.svg",
        "jwks_uri": public_url + JWKS_PATH,
        "token_endpoint_auth_method": "private_key_jwt",
        **({"scope": " ".join(SCOPES)} if SCOPES else {}),
        TOOL: {
            "domain": urlsplit(public_url).netloc,
            "description": DESCRIPTION,
            "target_link_uri": launch_url,
            "custom_parameters": CUSTOM_FIELDS,
            "claims": list(PRIVACY[wish.privacy]),
            CANVAS + "privacy_level": wish.privacy,
            CANVAS + "tool_id": "observatory",
            "messages": [
                _message(name, said, launch_url)
                for name in PLACEMENTS
                if (name in wish.placements or name == NEEDED) and (said := _said(name, offered))
            ],
        },
    }


def _message(name: str, said: str, launch_url: str) -> dict[str, Any]:
    """One placement. Of our settings, a registration knows some under other names, and not the rest."""
    settings = PLACEMENTS[name]
    message: dict[str, Any] = {
        "type": "LtiResourceLinkRequest",
        "target_link_uri": launch_url,
        "label": label(name),
        "placements": [said],
    }
    if "default" in settings:
        message[CANVAS + f"{name}/default_enabled"] = settings["default"] == "enabled"
    if "visibility" in settings:
        message[CANVAS + "visibility"] = settings["visibility"]
    if settings.get("windowTarget") == "_blank":
        message[CANVAS + "display_type"] = "new_window"
    return message


def _said(name: str, offered: Collection[str]) -> str | None:
    """A placement in the words of this Canvas; None if it has no such place."""
    if not offered:
        return name
    return next((word for word in (CANVAS + name, name) if word in offered), None)


def _told(answer: Mapping[str, Any]) -> Told:
    platform = answer.get(PLATFORM)
    offered = platform.get("messages_supported", ()) if isinstance(platform, dict) else ()
    placements = [one.get("placements", ()) for one in offered if isinstance(one, dict)]
    told = Told(
        issuer=answer["issuer"],
        authorize_url=answer["authorization_endpoint"],
        token_url=answer["token_endpoint"],
        jwks_url=answer["jwks_uri"],
        registration_url=answer["registration_endpoint"],
        placements=frozenset(word for words in placements for word in words if isinstance(word, str)),
    )
    urls = (told.authorize_url, told.token_url, told.jwks_url, told.registration_url)
    if not told.issuer or not all(isinstance(one, str) for one in (told.issuer, *urls)):
        raise TypeError("not words")
    if not all(map(safe_url, urls)):
        raise ValueError("addresses that cannot be")
    return told


def _ask(
    url: str, token: str, timeout: timedelta, body: Mapping[str, object] | None = None
) -> dict[str, Any] | Trouble:
    if not (token.isascii() and token.isprintable()):
        return Trouble.REFUSED
    try:
        answer = json.loads(fetch(url, timeout, bearer=token or None, body=body))
    except requests.RequestException:
        return Trouble.AWAY
    except (ValueError, RecursionError) as failure:
        return Trouble.REFUSED if str(failure).startswith("status 4") else Trouble.NONSENSE
    return answer if isinstance(answer, dict) else Trouble.NONSENSE
