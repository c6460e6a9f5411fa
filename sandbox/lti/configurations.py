"""What an app says about itself (Canvas API docs, "Developer Keys"), less what an administrator took."""

from dataclasses import dataclass, replace
from typing import Any

import httpx

from sandbox.world import Registration, World

FETCH_TIMEOUT = 5.0
LARGEST = 256 * 1024
FRESH_SECONDS = 60
RETRY_SECONDS = 3
PRIVACY_LEVELS = ("anonymous", "name_only", "email_only", "public")
VISIBILITIES = ("admins", "members", "public")


class ConfigurationError(Exception):
    """An app's configuration that cannot be had or does not make sense."""


class NotJson(ConfigurationError):
    """An address that answers with something else than JSON."""


@dataclass(frozen=True, slots=True)
class Placement:
    """One place in Canvas where a tool appears."""

    name: str
    text: str
    labels: dict[str, str]
    target_link_uri: str
    custom_fields: dict[str, Any]
    visibility: str | None
    required_permissions: tuple[str, ...]
    shown_by_default: bool
    new_window: bool
    display_type: str
    root_account_only: bool
    width: int | None
    height: int | None

    def label(self, locale: str | None) -> str:
        """Its name in a person's language: the locale's label, the language's, else the text."""
        wanted = locale or "en"
        return self.labels.get(wanted) or self.labels.get(wanted.partition("-")[0]) or self.text


@dataclass(frozen=True, slots=True)
class Configuration:
    """A developer key's JSON, read."""

    title: str
    oidc_initiation_url: str
    oidc_initiation_urls: dict[str, str]
    target_link_uri: str
    public_jwk: dict[str, Any] | None
    public_jwk_url: str | None
    privacy_level: str
    scopes: tuple[str, ...]
    custom_fields: dict[str, Any]
    placements: dict[str, Placement]

    @property
    def launch_urls(self) -> list[str]:
        """Where launches may be sent: the key's redirect URIs when the key names none."""
        return [self.target_link_uri, *(placement.target_link_uri for placement in self.placements.values())]

    def login_url(self, region: str) -> str:
        """Where launches begin for a Canvas of this region."""
        return self.oidc_initiation_urls.get(region, self.oidc_initiation_url)


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
    if not isinstance(settings, dict) or not isinstance(settings.get("placements"), list):
        raise ConfigurationError("'extensions[].settings.placements' is missing")
    level = extension.get("privacy_level", "anonymous")
    if level not in PRIVACY_LEVELS:
        raise ConfigurationError(f"'privacy_level' must be one of {', '.join(PRIVACY_LEVELS)}")
    placements = [_placement(entry, settings, document) for entry in settings["placements"]]
    return Configuration(
        title=document["title"],
        oidc_initiation_url=document["oidc_initiation_url"],
        oidc_initiation_urls=document.get("oidc_initiation_urls") or {},
        target_link_uri=document["target_link_uri"],
        public_jwk=document.get("public_jwk"),
        public_jwk_url=document.get("public_jwk_url"),
        privacy_level=level,
        scopes=tuple(document.get("scopes", ())),
        custom_fields=document.get("custom_fields", {}),
        placements={placement.name: placement for placement in placements if placement},
    )


def _canvas_extension(document: dict[str, Any]) -> dict[str, Any]:
    for extension in document.get("extensions", []):
        if isinstance(extension, dict) and extension.get("platform") == "canvas.instructure.com":
            return extension
    raise ConfigurationError("there is no extension for platform 'canvas.instructure.com'")


def _placement(entry: Any, settings: dict[str, Any], document: dict[str, Any]) -> Placement | None:
    if not isinstance(entry, dict) or not entry.get("placement"):
        raise ConfigurationError("a placement has no 'placement'")
    if entry.get("enabled") is False:
        return None
    name, merged = entry["placement"], {**settings, **entry}
    needed = str(entry.get("required_permissions") or "")
    usual_display = "full_width" if name == "global_navigation" else "default"
    return Placement(
        name=name,
        text=merged.get("text") or document["title"],
        labels={**(settings.get("labels") or {}), **(entry.get("labels") or {})},
        target_link_uri=entry.get("target_link_uri") or document["target_link_uri"],
        custom_fields=entry.get("custom_fields") or {},
        visibility=entry.get("visibility"),
        required_permissions=tuple(word.strip() for word in needed.split(",") if word.strip()),
        shown_by_default=entry.get("default") != "disabled",
        new_window=entry.get("windowTarget") == "_blank",
        display_type=entry.get("display_type") or usual_display,
        root_account_only=bool(entry.get("root_account_only")),
        width=merged.get("selection_width"),
        height=merged.get("selection_height"),
    )


def configuration(world: World, registration: Registration) -> Configuration:
    """What an app may do here: its configuration without the placements, scopes and data an admin took."""
    full = full_configuration(world, registration)
    placed = {
        name: placement
        for name, placement in full.placements.items()
        if name not in registration.disabled_placements
    }
    kept = [scope for scope in full.scopes if registration.scopes is None or scope in registration.scopes]
    level = registration.privacy_level or full.privacy_level
    return replace(full, placements=placed, scopes=tuple(kept), privacy_level=level)


def full_configuration(world: World, registration: Registration) -> Configuration:
    """A configuration, pasted or fetched; remembered for a minute, a failure for seconds."""
    if registration.configuration is not None:
        return parse(registration.configuration)
    remembered: dict[str, tuple[float, Configuration | ConfigurationError]]
    remembered = world.memory.setdefault("configurations", {})
    now = world.clock.now().timestamp()
    until, found = remembered.get(registration.client_id, (0.0, None))
    if found is None or until <= now:
        found = _fetched(registration.configuration_url or "")
        kept = RETRY_SECONDS if isinstance(found, ConfigurationError) else FRESH_SECONDS
        remembered[registration.client_id] = (now + kept, found)
    if isinstance(found, ConfigurationError):
        raise found
    return found


def _fetched(url: str) -> Configuration | ConfigurationError:
    try:
        return parse(fetch_json(url))
    except ConfigurationError as problem:
        text = str(problem)
        return ConfigurationError(text if text.startswith(f"{url} ") else f"{url}: {text}")


def fetch_json(url: str) -> Any:
    """The JSON at a tool's address; ConfigurationError says why it cannot be had."""
    try:
        with httpx.stream("GET", url, timeout=FETCH_TIMEOUT, follow_redirects=True) as answer:
            answer.raise_for_status()
            body = b""
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > LARGEST:
                    raise ConfigurationError(f"{url} is larger than {LARGEST // 1024} KiB")
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        raise ConfigurationError(f"{url} cannot be read: {problem or type(problem).__name__}") from None
    try:
        return httpx.Response(200, content=body).json()
    except ValueError as problem:
        raise NotJson(f"{url} cannot be read: {problem}") from None
