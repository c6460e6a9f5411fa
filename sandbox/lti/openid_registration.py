"""An OpenID registration of a tool: what Canvas asks of it, and the configuration it makes of it.

Source: Canvas API docs, "LTI Dynamic Registration"; 1EdTech LTI Dynamic Registration 1.0.
"""

import re
from typing import Any

from sandbox.lti import scopes

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
CANVAS = "https://canvas.instructure.com/lti/"
PLACEMENTS = (
    *("account_navigation", "assignment_menu", "assignment_selection", "assignment_view"),
    *("course_home_sub_navigation", "course_navigation", "course_settings_sub_navigation", "editor_button"),
    *("file_menu", "global_navigation", "homework_submission", "link_selection", "migration_selection"),
    *("module_menu", "student_context_card", "tool_configuration", "top_navigation", "user_navigation"),
)
RENAMED = {"ContentArea": "link_selection", "RichTextEditor": "editor_button"}
KNOWN = (
    *("application_type", "grant_types", "response_types", "redirect_uris", "initiate_login_uri"),
    *("client_name", "jwks_uri", "token_endpoint_auth_method", "scope", "logo_uri", "client_uri"),
    *("tos_uri", "policy_uri", "contacts", TOOL),
)
Problem = dict[str, str]


def problems(body: Any) -> list[Problem]:
    """What is wrong with a registration, key by key; nothing when Canvas would take it."""
    if not isinstance(body, dict):
        return [{"field": "", "message": "the registration must be a JSON object"}]
    found = [_is(body, "application_type", "web"), _is(body, "token_endpoint_auth_method", "private_key_jwt")]
    found += [_contains(body, "grant_types", word) for word in ("client_credentials", "implicit")]
    found += [_contains(body, "response_types", "id_token")]
    found += [_text(body, name) for name in ("initiate_login_uri", "client_name", "jwks_uri")]
    uris = body.get("redirect_uris")
    if not isinstance(uris, list) or not uris or not all(isinstance(uri, str) for uri in uris):
        found.append(_problem("redirect_uris", "must be a list of at least one address"))
    unknown = [scope for scope in asked_scopes(body) if scope not in scopes.SUPPORTED]
    if unknown:
        found.append(_problem("scope", f"unknown: {', '.join(unknown)}"))
    return [problem for problem in found if problem] + _tool_problems(body.get(TOOL))


def _tool_problems(tool: Any) -> list[Problem]:
    if not isinstance(tool, dict):
        return [_problem(TOOL, "is missing")]
    found = []
    if not isinstance(tool.get("domain"), str) or not re.fullmatch(r"[^/\s]+", tool["domain"]):
        found.append(_problem(f"{TOOL}.domain", "must be a host without a protocol"))
    for name in ("messages", "claims"):
        if not isinstance(tool.get(name), list):
            found.append(_problem(f"{TOOL}.{name}", "must be a list"))
    custom = tool.get("custom_parameters", {})
    if not isinstance(custom, dict) or not all(isinstance(value, str) for value in custom.values()):
        found.append(_problem(f"{TOOL}.custom_parameters", "must hold texts only"))
    messages = tool.get("messages")
    for index, message in enumerate(messages if isinstance(messages, list) else []):
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            found.append(_problem(f"{TOOL}.messages[{index}].type", "is missing"))
    return found


def _problem(field: str, message: str) -> Problem:
    return {"field": field, "message": message}


def _is(body: dict[str, Any], name: str, value: str) -> Problem | None:
    return None if body.get(name) == value else _problem(name, f"must be '{value}'")


def _contains(body: dict[str, Any], name: str, word: str) -> Problem | None:
    listed = body.get(name)
    return None if isinstance(listed, list) and word in listed else _problem(name, f"must contain '{word}'")


def _text(body: dict[str, Any], name: str) -> Problem | None:
    return None if isinstance(body.get(name), str) and body[name] else _problem(name, "is missing")


def asked_scopes(body: dict[str, Any]) -> list[str]:
    """The scopes, without `openid`, which launches have anyway."""
    return [scope for scope in str(body.get("scope") or "").split() if scope != "openid"]


def echo(body: dict[str, Any]) -> dict[str, Any]:
    """The registration as Canvas gives it back: the keys it knows."""
    scope = {"scope": " ".join(asked_scopes(body))} if "scope" in body else {}
    return {name: body[name] for name in KNOWN if name in body} | scope


def as_configuration(body: dict[str, Any]) -> dict[str, Any]:
    """The same app as a developer-key JSON."""
    tool = body[TOOL]
    target = tool.get("target_link_uri") or body["redirect_uris"][0]
    placements = [entry for message in tool["messages"] for entry in _placements(message, target)]
    return {
        "title": body["client_name"],
        "description": tool.get("description") or body["client_name"],
        "target_link_uri": target,
        "oidc_initiation_url": body["initiate_login_uri"],
        "public_jwk_url": body["jwks_uri"],
        "scopes": asked_scopes(body),
        "custom_fields": tool.get("custom_parameters", {}),
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": tool["domain"],
                "tool_id": tool.get(CANVAS + "tool_id"),
                "privacy_level": tool.get(CANVAS + "privacy_level") or privacy_level(tool["claims"]),
                "settings": {
                    "text": body["client_name"],
                    "icon_url": body.get("logo_uri"),
                    "placements": placements,
                },
            }
        ],
    }


def privacy_level(claims: list[str]) -> str:
    """The level that claims ask for, when the tool names none (canvas-lms, lti/ims/registration.rb)."""
    name = bool({"name", "given_name", "family_name"} & set(claims)) or any("lis" in one for one in claims)
    if "picture" in claims or (name and "email" in claims):
        return "public"
    if name:
        return "name_only"
    return "email_only" if "email" in claims else "anonymous"


def _placements(message: dict[str, Any], usual_target: str) -> list[dict[str, Any]]:
    """One entry for each placement of a message; a message without any is for link_selection."""
    display = message.get(CANVAS + "display_type")
    names = message.get("placements") or ["ContentArea"]
    entry = {
        "message_type": message["type"],
        "target_link_uri": message.get("target_link_uri") or usual_target,
        "text": message.get("label"),
        "icon_url": message.get("icon_uri"),
        "custom_fields": message.get("custom_parameters") or {},
        "visibility": message.get(CANVAS + "visibility"),
        "display_type": None if display == "new_window" else display,
        "windowTarget": "_blank" if display == "new_window" else None,
        "selection_width": message.get(CANVAS + "launch_width"),
        "selection_height": message.get(CANVAS + "launch_height"),
    }
    off = message.get(CANVAS + "course_navigation/default_enabled") is False
    entries = []
    for name in names:
        bare = RENAMED.get(name, name.removeprefix(CANVAS))
        hidden = {"default": "disabled"} if off and bare == "course_navigation" else {}
        kept = {key: value for key, value in entry.items() if value is not None}
        entries.append({"placement": bare, **kept, **hidden})
    return entries
