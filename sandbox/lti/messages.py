"""The claims of an `LtiResourceLinkRequest` (LTI Core 1.3, section 5; canvas-lms, lib/lti/messages)."""

from typing import Any

from sandbox.lti.launch import Launch, given_and_family
from sandbox.lti.roles import LIS, launch_roles
from sandbox.lti.variables import context_id, context_title, custom, substitute
from sandbox.world import Account, Course

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
EULA = "https://purl.imsglobal.org/spec/lti/scope/eula/"
LIFE_SECONDS = 3600


def resource_link_request(launch: Launch) -> dict[str, Any]:
    """Every claim but the nonce, which comes with the tool's authentication request."""
    return {**_security(launch), **_message(launch), **_place(launch), **_person(launch), **_platform(launch)}


def _security(launch: Launch) -> dict[str, Any]:
    issued = int(launch.world.clock.now().timestamp())
    return {
        "iss": launch.world.settings.issuer,
        "aud": launch.tool.client_id,
        "azp": launch.tool.client_id,
        "sub": launch.user.lti_id,
        "iat": issued,
        "exp": issued + LIFE_SECONDS,
    }


def _message(launch: Launch) -> dict[str, Any]:
    return {
        CLAIM + "message_type": "LtiResourceLinkRequest",
        CLAIM + "version": "1.3.0",
        CLAIM + "deployment_id": launch.tool.deployment_id,
        CLAIM + "target_link_uri": launch.target_link_uri,
        CLAIM + "custom": custom(launch),
        "https://www.instructure.com/placement": launch.placement.name,
    }


def _place(launch: Launch) -> dict[str, Any]:
    """Context and resource link: a navigation placement's link is its context."""
    context = {"id": context_id(launch), "title": context_title(launch), "type": [_context_type(launch)]}
    if launch.course:
        context["label"] = launch.course.course_code
    link = {"id": context["id"], "title": context["title"], "description": None}
    return {CLAIM + "context": context, CLAIM + "resource_link": link}


def _context_type(launch: Launch) -> str:
    match launch.context:
        case Course():
            return LIS + "course#CourseOffering"
        case Account():
            return "Account"
        case _:
            return "User"


def _person(launch: Launch) -> dict[str, Any]:
    """Roles and ids always; names, email and picture as the tool's privacy level allows."""
    user, level = launch.user, launch.configuration.privacy_level
    claims: dict[str, Any] = {
        CLAIM + "roles": launch_roles(launch.world, user, launch.context, launch.root),
        CLAIM + "lti11_legacy_user_id": user.lti_context_id,
        CLAIM + "lti1p1": {"user_id": user.lti_context_id},
        "locale": user.locale or "en",
    }
    if level in ("name_only", "public"):
        given, family = given_and_family(user)
        claims |= {"name": user.name, "given_name": given, "family_name": family}
        claims[CLAIM + "lis"] = {
            "person_sourcedid": substitute(launch, "$Person.sourcedId"),
            "course_offering_sourcedid": "$CourseSection.sourcedId",
        }
    if level in ("email_only", "public") and user.email:
        claims["email"] = user.email
    if level == "public":
        claims["picture"] = f"{launch.base_url}/images/messages/avatar-50.png"
        if observed := [student.lti_id for student in launch.observees]:
            claims[CLAIM + "role_scope_mentor"] = observed
    return claims


def _platform(launch: Launch) -> dict[str, Any]:
    presentation: dict[str, Any] = {
        "document_target": "iframe",
        "return_url": _return_url(launch),
        "locale": launch.user.locale or "en",
    }
    sizes = {"height": launch.placement.height, "width": launch.placement.width}
    presentation |= {name: size for name, size in sizes.items() if size}
    return {
        CLAIM + "launch_presentation": presentation,
        CLAIM + "tool_platform": {
            "guid": launch.guid,
            "name": launch.root.name,
            "version": "cloud",
            "product_family_code": "canvas",
        },
        CLAIM + "eulaservice": {
            "url": f"{launch.base_url}/api/lti/asset_processor_eulas/{launch.tool.id}",
            "scope": [EULA + "user", EULA + "deployment"],
        },
    }


def _return_url(launch: Launch) -> str:
    match launch.context:
        case Course(id=course_id):
            path = f"/courses/{course_id}"
        case Account(id=account_id):
            path = f"/accounts/{account_id}"
        case user:
            path = f"/users/{user.id}"
    return f"{launch.base_url}{path}/external_content/success/external_tool_redirect"
