"""Installed tools and their configurations (Canvas API docs, "Manual Configuration", "Placements")."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from sandbox.lti.roles import Context
from sandbox.permissions import STUDENTS, counting_enrollments, granted, reads_as_admin
from sandbox.world import Account, Course, Tool, User, World

FETCH_TIMEOUT = 5.0
LARGEST = 256 * 1024
FRESH_SECONDS = 60
RETRY_SECONDS = 3


class ConfigurationError(Exception):
    """A tool's configuration that cannot be had or does not make sense."""


@dataclass(frozen=True, slots=True)
class Placement:
    """One place in Canvas where a tool appears."""

    name: str
    text: str
    target_link_uri: str
    custom_fields: dict[str, Any]
    visibility: str | None
    required_permissions: tuple[str, ...]
    shown_by_default: bool
    new_window: bool
    root_account_only: bool
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class Configuration:
    """A developer key's JSON, read."""

    title: str
    oidc_initiation_url: str
    target_link_uri: str
    privacy_level: str
    scopes: tuple[str, ...]
    custom_fields: dict[str, Any]
    placements: dict[str, Placement]

    @property
    def launch_urls(self) -> list[str]:
        """Where launches may be sent: the key's redirect URIs when the key names none."""
        return [self.target_link_uri, *(placement.target_link_uri for placement in self.placements.values())]


def parse(document: Any) -> Configuration:
    """Read a developer-key JSON; ConfigurationError says what is missing."""
    if not isinstance(document, dict):
        raise ConfigurationError("it is not a JSON object")
    for name in ("title", "description", "target_link_uri", "oidc_initiation_url"):
        if not isinstance(document.get(name), str):
            raise ConfigurationError(f"'{name}' is missing")
    if not document.get("public_jwk") and not document.get("public_jwk_url"):
        raise ConfigurationError("'public_jwk' or 'public_jwk_url' is missing")
    extension = _canvas_extension(document)
    settings = extension.get("settings", {})
    if not isinstance(settings.get("placements"), list):
        raise ConfigurationError("'extensions[].settings.placements' is missing")
    placements = [_placement(entry, settings, document) for entry in settings["placements"]]
    return Configuration(
        title=document["title"],
        oidc_initiation_url=document["oidc_initiation_url"],
        target_link_uri=document["target_link_uri"],
        privacy_level=extension.get("privacy_level", "anonymous"),
        scopes=tuple(document.get("scopes", ())),
        custom_fields=document.get("custom_fields", {}),
        placements={placement.name: placement for placement in placements if placement},
    )


def _canvas_extension(document: dict[str, Any]) -> dict[str, Any]:
    for extension in document.get("extensions", []):
        if isinstance(extension, dict) and extension.get("platform") == "canvas.instructure.com":
            return extension
    raise ConfigurationError("there is no extension for platform 'canvas.instructure.com'")


def _placement(entry: dict[str, Any], settings: dict[str, Any], document: dict[str, Any]) -> Placement | None:
    if not entry.get("placement"):
        raise ConfigurationError("a placement has no 'placement'")
    if entry.get("enabled") is False:
        return None
    merged = {**settings, **entry}
    labels = entry.get("labels") or {}
    needed = str(entry.get("required_permissions") or "")
    return Placement(
        name=entry["placement"],
        text=labels.get("en") or merged.get("text") or document["title"],
        target_link_uri=entry.get("target_link_uri") or document["target_link_uri"],
        custom_fields=entry.get("custom_fields") or {},
        visibility=entry.get("visibility"),
        required_permissions=tuple(name.strip() for name in needed.split(",") if name.strip()),
        shown_by_default=entry.get("default") != "disabled",
        new_window=entry.get("windowTarget") == "_blank",
        root_account_only=bool(entry.get("root_account_only")),
        width=merged.get("selection_width"),
        height=merged.get("selection_height"),
    )


def configuration(world: World, tool: Tool) -> Configuration:
    """A tool's configuration, pasted or fetched; remembered for a minute, a failure for seconds."""
    if tool.configuration is not None:
        return parse(tool.configuration)
    remembered: dict[int, tuple[float, Configuration | ConfigurationError]]
    remembered = world.memory.setdefault("configurations", {})
    now = world.clock.now().timestamp()
    until, found = remembered.get(tool.id, (0.0, None))
    if found is None or until <= now:
        found = _fetch(tool.configuration_url)
        kept = RETRY_SECONDS if isinstance(found, ConfigurationError) else FRESH_SECONDS
        remembered[tool.id] = (now + kept, found)
    if isinstance(found, ConfigurationError):
        raise found
    return found


def _fetch(url: str | None) -> Configuration | ConfigurationError:
    try:
        with httpx.stream("GET", url or "", timeout=FETCH_TIMEOUT, follow_redirects=True) as answer:
            answer.raise_for_status()
            body = b""
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > LARGEST:
                    return ConfigurationError(f"{url} is larger than {LARGEST // 1024} KiB")
        return parse(httpx.Response(200, content=body).json())
    except ConfigurationError as problem:
        return ConfigurationError(f"{url}: {problem}")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as problem:
        return ConfigurationError(f"{url} cannot be read: {problem or type(problem).__name__}")


def tools_for(world: World, account_id: int) -> list[Tool]:
    """Tools installed in an account or above it."""
    chain = {account.id for account in world.account_chain(account_id)}
    return [tool for tool in world.tools.values() if tool.account_id in chain]


def redirect_allowed(world: World, tool: Tool, redirect_uri: str) -> bool:
    """Whether a launch may be sent there (authentication_controller.rb).

    A registered URI without a query allows any query; one with a query asks that its parameters be there.
    """
    key = world.developer_keys.get(tool.client_id)
    registered = key.redirect_uris if key and key.redirect_uris else configuration(world, tool).launch_urls
    asked, _, query = redirect_uri.partition("?")
    present = set(parse_qsl(query, keep_blank_values=True))
    for uri in registered:
        path, _, needed = uri.partition("?")
        if path == asked and set(parse_qsl(needed, keep_blank_values=True)) <= present:
            return bool(urlsplit(asked).scheme)
    return False


def is_visible(world: World, user: User, context: Context, root: Account, placement: Placement) -> bool:
    """Whether a person gets to see the link (Navigation Tools docs; context_external_tool.rb)."""
    if not may_launch(world, user, context, root, placement):
        return False
    if not isinstance(context, Course) or placement.visibility not in ("admins", "members"):
        return True
    if reads_as_admin(world, user.id, context.id):
        return True
    rows = counting_enrollments(world, user.id, context.id)
    return placement.visibility == "members" and any(row.type in STUDENTS for row in rows)


def may_launch(world: World, user: User, context: Context, root: Account, placement: Placement) -> bool:
    """Whether a person holds every permission the placement asks for; visibility alone stops no launch."""
    course_id = context.id if isinstance(context, Course) else None
    account_id = context.id if isinstance(context, Account) else root.id
    return all(
        granted(world, user.id, permission, account_id=account_id, course_id=course_id)
        for permission in placement.required_permissions
    )
