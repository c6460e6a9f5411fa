"""The claims of an `LtiResourceLinkRequest` (LTI Core 1.3, section 5; canvas-lms, lib/lti/messages)."""

from typing import Any

from sandbox.lti import scopes
from sandbox.lti.launch import Launch, given_and_family
from sandbox.lti.roles import LIS, launch_roles
from sandbox.lti.variables import context_id, context_title, custom, substitute
from sandbox.world import Account, Course, User, global_id

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
CANVAS = "https://www.instructure.com/"
LIFE_SECONDS = 3600


def resource_link_request(launch: Launch) -> dict[str, Any]:
    """Every claim but the nonce, which comes with the tool's authentication request."""
    return {
        **_security(launch),
        **_message(launch),
        **_place(launch),
        **_person(launch),
        **_platform(launch),
        **_services(launch),
    }


def _security(launch: Launch) -> dict[str, Any]:
    issued = int(launch.world.clock.now().timestamp())
    return {
        "iss": launch.world.settings.issuer,
        "aud": launch.tool.client_id,
        "azp": launch.tool.client_id,
        **({"sub": launch.user.lti_id} if launch.user else {}),
        "iat": issued,
        "exp": issued + LIFE_SECONDS,
    }


def _message(launch: Launch) -> dict[str, Any]:
    claims = {
        CLAIM + "message_type": "LtiResourceLinkRequest",
        CLAIM + "version": "1.3.0",
        CLAIM + "deployment_id": launch.tool.deployment_id,
        CLAIM + "target_link_uri": launch.target_link_uri,
        CLAIM + "custom": custom(launch),
        CANVAS + "placement": launch.placement.name if launch.placement else None,
    }
    form = launch.world.settings.card_student_id
    if launch.student and form != "absent":
        local_id = launch.student.id
        claims[CANVAS + "lti_student_id"] = str(global_id(local_id) if form == "global" else local_id)
    return claims


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
    roles = launch_roles(launch.world, launch.user, launch.context, launch.root)
    claims: dict[str, Any] = {CLAIM + "roles": roles, "locale": launch.locale}
    if launch.user is None:
        return claims | {CLAIM + "lti11_legacy_user_id": ""}
    claims[CLAIM + "lti11_legacy_user_id"] = launch.user.lti_context_id
    claims[CLAIM + "lti1p1"] = {"user_id": launch.user.lti_context_id}
    return claims | _private(launch, launch.user)


def _private(launch: Launch, user: User) -> dict[str, Any]:
    claims: dict[str, Any] = personal(user, launch.configuration.privacy_level, launch.base_url)
    if "name" in claims:
        claims[CLAIM + "lis"] = {
            "person_sourcedid": substitute(launch, "$Person.sourcedId"),
            "course_offering_sourcedid": substitute(launch, "$CourseSection.sourcedId"),
        }
    observed = [student.lti_id for student in launch.observees]
    if observed and launch.configuration.privacy_level == "public":
        claims[CLAIM + "role_scope_mentor"] = observed
    return claims


def personal(user: User, level: str, base_url: str) -> dict[str, Any]:
    """What a privacy level lets a tool know of a person."""
    known: dict[str, Any] = {}
    if level in ("name_only", "public"):
        given, family = given_and_family(user)
        known |= {"name": user.name, "given_name": given, "family_name": family}
    if level in ("email_only", "public") and user.email:
        known["email"] = user.email
    if level == "public":
        known["picture"] = f"{base_url}/images/messages/avatar-50.png"
    return known


def _platform(launch: Launch) -> dict[str, Any]:
    presentation: dict[str, Any] = {
        "document_target": "iframe",
        "return_url": _return_url(launch),
        "locale": launch.locale,
    }
    if launch.placement:
        sizes = {"height": launch.placement.height, "width": launch.placement.width}
        presentation |= {name: size for name, size in sizes.items() if isinstance(size, int)}
    return {
        CLAIM + "launch_presentation": presentation,
        CLAIM + "tool_platform": {
            "guid": launch.guid,
            "name": launch.root.name,
            "version": "cloud",
            "product_family_code": "canvas",
        },
    }


def _return_url(launch: Launch) -> str:
    """Where the tool leads back to: course or account, the dashboard from a menu."""
    match launch.context:
        case Course(id=course_id):
            path = f"/courses/{course_id}"
        case Account(id=account_id) if launch.placement and launch.placement.name != "global_navigation":
            path = f"/accounts/{account_id}"
        case _:
            path = f"/users/{launch.user.id if launch.user else 0}"
    return f"{launch.base_url}{path}/external_content/success/external_tool_redirect"


def _services(launch: Launch) -> dict[str, Any]:
    """What the tool may call, by its scopes; rosters and grades in courses only."""
    granted, claims = launch.configuration.scopes, {}
    if launch.course:
        service = f"{launch.base_url}/api/lti/courses/{launch.course.id}"
        if scopes.ROSTER in granted:
            claims["https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"] = {
                "context_memberships_url": f"{service}/names_and_roles",
                "service_versions": ["2.0"],
            }
        if grading := [scope for scope in granted if scope.startswith(scopes.GRADING)]:
            claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"] = {
                "scope": grading,
                "lineitems": f"{service}/line_items",
            }
    if scopes.NOTICES in granted:
        handlers = f"{launch.base_url}/api/lti/notice-handlers/{launch.tool.id}"
        claims[CLAIM + "platformnotificationservice"] = {
            "service_versions": ["1.0"],
            "platform_notification_service_url": handlers,
            "scope": [scopes.NOTICES],
            "notice_types_supported": list(scopes.NOTICE_TYPES),
        }
    claims[CLAIM + "eulaservice"] = {
        "url": f"{launch.base_url}/api/lti/asset_processor_eulas/{launch.tool.id}",
        "scope": [scopes.EULA + "user", scopes.EULA + "deployment"],
    }
    return claims
