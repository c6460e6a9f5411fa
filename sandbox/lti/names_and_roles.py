"""Names and Role Provisioning Services 2.0 (canvas-lms, names_and_roles_controller.rb)."""

import json
import re
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from sandbox.lti import blueprint, scopes, service_token
from sandbox.lti.configurations import ConfigurationError, configuration
from sandbox.lti.launch import Launch
from sandbox.lti.messages import CANVAS, CLAIM, personal
from sandbox.lti.roles import context_roles
from sandbox.lti.service_token import ServiceRefusal
from sandbox.lti.tools import tools_in
from sandbox.lti.variables import custom
from sandbox.world import Course, Registration, Tool, User, World, current_world

MEDIA_TYPE = "application/vnd.ims.lis.v2.membershipcontainer+json"
LARGEST = 50
LINK_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# What a message may say of a member; everything else stays the literal text of its variable.
EXPANDED = re.compile(
    r"Canvas\.user\.(id|globalId|loginId|sisSourceId|sisIntegrationId)"
    r"|Canvas\.course\.(id|name|sisSourceId|startAt|endAt|workflowState)"
    r"|Canvas\.course\.(sectionIds|sectionRestricted|sectionSisSourceIds|previous\w+)"
    r"|Canvas\.group\.contextIds|Person\..+|User\.(id|image|username)|Message\.locale"
    r"|com\.instructure\.User\.sectionNames|vnd\.Canvas\.Person\.email\.sis|vnd\.instructure\.User\.uuid"
)


@blueprint.errorhandler(ServiceRefusal)
def refused(refusal: ServiceRefusal) -> Response:
    """The services' own error body."""
    return refusal.response()


@blueprint.get("/api/lti/groups/<int:group_id>/names_and_roles")
def of_group(group_id: int) -> Response:
    """Groups are not kept here."""
    service_token.caller(current_world(), scopes.ROSTER)
    raise ServiceRefusal(404, "Context not found")


@blueprint.get("/api/lti/courses/<int:course_id>/names_and_roles")
def of_course(course_id: int) -> Response:
    """A page of a course's members."""
    world = current_world()
    registration = service_token.caller(world, scopes.ROSTER)
    try:
        configured = configuration(world, registration)
    except ConfigurationError:
        raise ServiceRefusal(401, "Invalid Developer Key") from None
    course, tool = _reached(world, registration, course_id)
    root, base_url = world.course_root(course.id), request.host_url.rstrip("/")
    with_message = _wants_message(course)
    with world.lock:
        shown, link = _page(_people(world, course, request.args.get("role")))
        members = []
        for user in shown:
            launch = Launch(world, tool, configured, None, course, root, user, base_url, "")
            message = {"message": [_message(launch)]} if with_message else {}
            members.append(_member(launch, course, user) | message)
    context = {"id": course.lti_context_id, "label": course.course_code, "title": course.name}
    body = json.dumps({"id": request.url, "context": context, "members": members})
    return Response(body, headers={"link": link}, content_type=MEDIA_TYPE)


def _reached(world: World, registration: Registration, course_id: int) -> tuple[Course, Tool]:
    """The course, and the deployment by which the app reaches it."""
    course = world.courses.get(course_id)
    if course is None or course.workflow_state == "deleted":
        raise ServiceRefusal(404, "Context not found")
    for tool in tools_in(world, course, world.course_root(course.id)):
        if tool.client_id == registration.client_id:
            return course, tool
    raise ServiceRefusal(401, "Access Token not linked to a Tool associated with this Context")


def _wants_message(course: Course) -> bool:
    """Whether an `rlid` asks what each member's launch would say; a course's own id is its only link."""
    link_id = request.args.get("rlid")
    if link_id is None:
        return False
    if not LINK_ID.fullmatch(link_id):
        raise ServiceRefusal(400, "Invalid 'rlid' parameter")
    if link_id != course.lti_context_id:
        raise ServiceRefusal(400, "Tool does not have access to rlid or rlid does not exist")
    return True


def _people(world: World, course: Course, role: str | None) -> list[User]:
    """Everybody with an active part in the course, each once; with a role only those who have it."""
    rows = world.enrollments_in(course.id) if course.workflow_state != "completed" else []
    ids = {row.user_id for row in rows if row.state == "active" and row.type != "StudentViewEnrollment"}
    people = [world.users[id] for id in sorted(ids)]
    return [user for user in people if role is None or role in context_roles(world, user, course)]


def _page(people: list[User]) -> tuple[list[User], str]:
    """Fifty people at most, and the `link` header."""
    size = _whole(request.args.get("limit") or request.args.get("per_page"), LARGEST)
    size, page = min(size, LARGEST), _whole(request.args.get("page"), 1)
    last = max(1, -(-len(people) // size))
    pages = {"current": page, "next": page + 1, "prev": page - 1, "first": 1, "last": last}
    kept = [
        (name, value) for name, value in request.args.items() if name not in ("page", "per_page", "limit")
    ]
    links = [
        f'<{request.base_url}?{urlencode([*kept, ("page", number), ("per_page", size)])}>; rel="{relation}"'
        for relation, number in pages.items()
        if 1 <= number <= last or relation == "current"
    ]
    return people[(page - 1) * size : page * size], ",".join(links)


def _whole(text: str | None, usual: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and int(text) > 0 else usual


def _member(launch: Launch, course: Course, user: User) -> dict[str, Any]:
    known = personal(user, launch.configuration.privacy_level, launch.base_url)
    if "name" in known and launch.login and launch.login.sis_user_id:
        known["lis_person_sourcedid"] = launch.login.sis_user_id
    return {
        "status": "Active",
        **known,
        "user_id": user.lti_id,
        "lti11_legacy_user_id": user.lti_context_id,
        "roles": context_roles(launch.world, user, course),
    }


def _message(launch: Launch) -> dict[str, Any]:
    """What a launch would tell of a member: no placement, so the tool's own custom fields alone."""
    said: dict[str, Any] = {
        CLAIM + "message_type": "LtiResourceLinkRequest",
        "locale": launch.locale,
        CLAIM + "custom": custom(launch, expanded=lambda name: bool(EXPANDED.fullmatch(name))),
    }
    if launch.user:
        said[CANVAS + "canvas_user_id"] = launch.user.id
    if launch.login:
        said[CANVAS + "canvas_user_login_id"] = launch.login.unique_id
    return said
