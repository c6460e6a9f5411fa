"""A world from a JSON file, and back: what is dumped and loaded again is the same world."""

import json
from collections.abc import Container
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.links import enroll_observer
from sandbox.permissions import ROLE_IDS
from sandbox.reading import Reader, WorldError
from sandbox.world import (
    AccessToken,
    Account,
    Admin,
    Course,
    DeveloperKey,
    Enrollment,
    Login,
    ObservationLink,
    PairingCode,
    RoleOverride,
    Section,
    Settings,
    Tool,
    User,
    World,
)

BEGINNING = datetime(2026, 1, 5, 8, tzinfo=UTC)
ENROLLMENT_STATES = (
    "active",
    "invited",
    "creation_pending",
    "rejected",
    "completed",
    "inactive",
    "deleted",
)
SUFFIXES = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "v", "phd", "esq", "esq."})


def read_json(path: Path) -> object:
    """What a JSON file holds; raises WorldError with one line for a person."""
    try:
        value: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise WorldError(f"{path}: {problem}") from None
    return value


def read(path: Path) -> World:
    """The world of a file."""
    return load(read_json(path))


def load(value: object) -> World:
    """The world a JSON object describes; raises WorldError naming the first wrong key."""
    world = World()
    top = Reader(value, "")
    _settings(world, top)
    _accounts(world, top)
    for reader in top.each("users"):
        _user(world, reader)
    for reader in top.each("courses"):
        _course(world, reader)
    _roles(world, top)
    for reader in top.each("enrollments"):
        _enrollment(world, reader)
    for reader in top.each("observation_links"):
        _link(world, reader)
    for reader in top.each("pairing_codes"):
        _pairing_code(world, reader)
    _keys(world, top)
    top.finish()
    return world


def sortable(name: str) -> str:
    """ "Mia Holm" as "Holm, Mia", the way Canvas sorts people; a suffix goes last."""
    words = name.split()
    suffix = [words.pop()] if len(words) > 2 and words[-1].lower() in SUFFIXES else []
    if "," in name or len(words) < 2:
        return name
    return ", ".join([words[-1], " ".join(words[:-1]), *suffix])


def _settings(world: World, top: Reader) -> None:
    reader, usual = top.inside("settings"), Settings()
    world.settings = Settings(
        forbidden_status=reader.one_of("forbidden_status", (403, 401), usual.forbidden_status),
        throttle_status=reader.one_of("throttle_status", (429, 403), usual.throttle_status),
        throttle=reader.yes_or_no("throttle", usual.throttle),
        pkce=reader.yes_or_no("pkce", usual.pkce),
        require_user_agent=reader.yes_or_no("require_user_agent", usual.require_user_agent),
        issuer=reader.text("issuer", usual.issuer),
        platform_storage=reader.yes_or_no("platform_storage", usual.platform_storage),
    )
    reader.finish()
    moved = top.inside("clock")
    world.clock.advance(moved.any_number("ahead", 0))
    moved.finish()


def _accounts(world: World, top: Reader) -> None:
    for reader in top.each("accounts"):
        account = Account(
            id=_fresh(world, reader, "account", world.accounts),
            name=reader.text("name", "Canvas"),
            domain=reader.text_or_none("domain"),
            parent_account_id=_known(reader, "parent_account_id", world.accounts),
            self_registration=reader.one_of("self_registration", ("none", "observer", "all"), "none"),
            discovery_url=reader.text_or_none("discovery_url"),
            trusted_account_ids=reader.numbers("trusted_account_ids"),
        )
        world.add_account(account)
    if not world.accounts:
        world.add_account(Account(id=1, name="Canvas", domain="localhost"))
    for index, account in enumerate(world.accounts.values()):
        for trusted in account.trusted_account_ids:
            if trusted not in world.accounts:
                raise WorldError(f"accounts[{index}].trusted_account_ids: there is no {trusted}")
    if next(iter(world.accounts.values())).parent_account_id is not None:
        raise WorldError("accounts[0].parent_account_id: the first account must be a root account")


def _user(world: World, reader: Reader) -> None:
    user_id = _fresh(world, reader, "user", world.users)
    name = reader.text("name", f"User {user_id}")
    user = User(
        id=user_id,
        name=name,
        short_name=reader.text("short_name", name),
        sortable_name=reader.text("sortable_name", sortable(name)),
        created_at=reader.moment("created_at", BEGINNING),
        email=reader.text_or_none("email"),
        locale=reader.text_or_none("locale"),
        time_zone=reader.text_or_none("time_zone"),
        test_student=reader.yes_or_no("test_student", False),
        workflow_state=reader.one_of("workflow_state", ("registered", "pre_registered"), "registered"),
        high_contrast=reader.yes_or_no("high_contrast", False),
        logins=_logins(world, reader, user_id),
    )
    world.add_user(user)
    for token in reader.texts("tokens"):
        if token in world.tokens:
            raise reader.complain("tokens", "another user has the same token")
        world.tokens[token] = AccessToken(token, user.id)


def _logins(world: World, reader: Reader, user_id: int) -> list[Login]:
    """A user's logins; without the key there is one at the first account."""
    first = next(iter(world.accounts))
    if not reader.has("logins"):
        return [Login(first, f"user{user_id}", "password")]
    found = []
    for each in reader.each("logins"):
        login = Login(
            account_id=_known(each, "account_id", world.accounts) or first,
            unique_id=each.text("unique_id"),
            password=each.text_or_none("password"),
            sis_user_id=each.text_or_none("sis_user_id"),
        )
        if world.accounts[login.account_id].parent_account_id is not None:
            raise each.complain("account_id", "must be a root account")
        if world.user_by_login(login.account_id, login.unique_id):
            raise each.complain("unique_id", "another user has the same login")
        if login.sis_user_id and world.user_by_sis_id(login.account_id, login.sis_user_id):
            raise each.complain("sis_user_id", "another user has the same SIS id")
        found.append(login)
    return found


def _course(world: World, reader: Reader) -> None:
    course_id = _fresh(world, reader, "course", world.courses)
    name = reader.text("name", f"Course {course_id}")
    created_at = reader.moment("created_at", BEGINNING)
    course = Course(
        id=course_id,
        account_id=_known(reader, "account_id", world.accounts) or next(iter(world.accounts)),
        name=name,
        course_code=reader.text("course_code", name),
        created_at=created_at,
        workflow_state=reader.one_of(
            "workflow_state", ("available", "unpublished", "completed", "deleted"), "available"
        ),
        navigation=_navigation(reader),
    )
    world.add_course(course)
    for each in reader.each("sections"):
        section_id = _fresh(world, each, "section", world.sections)
        section_name = each.text("name", name)
        world.add_section(Section(section_id, course.id, section_name, each.moment("created_at", created_at)))
    if not world.sections_of(course.id):
        world.add_section(Section(world.next_id("section"), course.id, name, created_at))


def _navigation(reader: Reader) -> dict[str, bool]:
    """Which tools a course shows, by client id."""
    shown = reader.anything("navigation") or {}
    for client_id, value in shown.items():
        if not isinstance(value, bool):
            raise reader.complain(f"navigation.{client_id}", "must be true or false")
    return shown


def _roles(world: World, top: Reader) -> None:
    for reader in top.each("admins"):
        user_id = _required(reader, "user_id", world.users)
        account_id = _known(reader, "account_id", world.accounts) or next(iter(world.accounts))
        world.admins.append(Admin(user_id, account_id, reader.texts_or_none("permissions")))
    for reader in top.each("role_overrides"):
        account_id = _known(reader, "account_id", world.accounts) or next(iter(world.accounts))
        override = RoleOverride(
            account_id=account_id,
            role=reader.one_of("role", (*ROLE_IDS, "AccountAdmin")),
            permission=reader.text("permission"),
            enabled=reader.yes_or_no("enabled", True),
        )
        world.role_overrides.append(override)


def _enrollment(world: World, reader: Reader) -> None:
    course_id = _required(reader, "course_id", world.courses)
    section_id = _known(reader, "section_id", world.sections) or world.sections_of(course_id)[0].id
    if world.sections[section_id].course_id != course_id:
        raise reader.complain("section_id", f"is not a section of course {course_id}")
    created_at = reader.moment("created_at", BEGINNING)
    row = Enrollment(
        id=_fresh(world, reader, "enrollment", world.enrollments),
        user_id=_required(reader, "user_id", world.users),
        course_id=course_id,
        section_id=section_id,
        type=reader.one_of("type", tuple(ROLE_IDS), "StudentEnrollment"),
        created_at=created_at,
        updated_at=reader.moment("updated_at", created_at),
        state=reader.one_of("state", ENROLLMENT_STATES, "active"),
        associated_user_id=_known(reader, "associated_user_id", world.users),
        limit_to_section=reader.yes_or_no("limit_to_section", False),
        start_at=reader.moment_or_none("start_at"),
        end_at=reader.moment_or_none("end_at"),
    )
    if row.associated_user_id is not None and row.type != "ObserverEnrollment":
        raise reader.complain("associated_user_id", "only an ObserverEnrollment may have one")
    world.add_enrollment(row)


def _link(world: World, reader: Reader) -> None:
    """A link; without a `state` its observer enrollments are made, as when Canvas makes the link."""
    observer_id = _required(reader, "observer_id", world.users)
    student_id = _required(reader, "student_id", world.users)
    root_id = _known(reader, "root_account_id", world.accounts) or next(iter(world.accounts))
    if world.link_row(observer_id, student_id, root_id):
        raise reader.complain("student_id", "this link is there twice")
    if not reader.has("state"):
        world.add_link(ObservationLink(observer_id, student_id, root_id))
        enroll_observer(world, world.users[observer_id], world.users[student_id], root_id, BEGINNING)
        return
    state = reader.one_of("state", ("active", "deleted"))
    world.add_link(ObservationLink(observer_id, student_id, root_id, state))


def _pairing_code(world: World, reader: Reader) -> None:
    code = PairingCode(
        id=reader.number_or_none("id") or world.next_id("pairing_code"),
        user_id=_required(reader, "user_id", world.users),
        code=reader.text("code"),
        expires_at=reader.moment("expires_at", world.clock.now() + timedelta(days=7)),
        state=reader.one_of("state", ("active", "deleted"), "active"),
    )
    world.add_pairing_code(code)


def _keys(world: World, top: Reader) -> None:
    for reader in top.each("developer_keys"):
        key = DeveloperKey(
            client_id=reader.text("client_id"),
            client_secret=reader.text("client_secret"),
            redirect_uris=reader.texts("redirect_uris"),
            scopes=reader.texts_or_none("scopes"),
            name=reader.text("name", ""),
        )
        if key.client_id in world.developer_keys:
            raise reader.complain("client_id", "this key is there twice")
        world.developer_keys[key.client_id] = key
    for reader in top.each("access_tokens"):
        token = AccessToken(
            token=reader.text("token"),
            user_id=_required(reader, "user_id", world.users),
            client_id=reader.text_or_none("client_id"),
            scopes=reader.texts_or_none("scopes"),
            expires_at=reader.moment_or_none("expires_at"),
            refresh_token=reader.text_or_none("refresh_token"),
            real_user_id=_known(reader, "real_user_id", world.users),
            revoked=reader.yes_or_no("revoked", False),
        )
        world.tokens[token.token] = token
    for reader in top.each("lti_tools"):
        _tool(world, reader)


def _tool(world: World, reader: Reader) -> None:
    tool_id = reader.number_or_none("id") or world.next_id("tool")
    account_id = _known(reader, "account_id", world.accounts) or next(iter(world.accounts))
    tool = Tool(
        id=tool_id,
        client_id=reader.text("client_id"),
        deployment_id=reader.text("deployment_id", f"{tool_id}:{world.accounts[account_id].lti_context_id}"),
        account_id=account_id,
        configuration_url=reader.text_or_none("configuration_url"),
        configuration=reader.anything("configuration"),
    )
    if tool.client_id in world.tools:
        raise reader.complain("client_id", "this tool is there twice")
    world.add_tool(tool)


def _fresh(world: World, reader: Reader, kind: str, taken: Container[int]) -> int:
    """The record's own id, which nobody else may have; without the key the next free one."""
    value = reader.number_or_none("id") or world.next_id(kind)
    if value in taken:
        raise reader.complain("id", f"{value} is there twice")
    return value


def _known(reader: Reader, key: str, records: Container[int]) -> int | None:
    """The id of a record that must be there, or None when absent."""
    value = reader.number_or_none(key)
    if value is not None and value not in records:
        raise reader.complain(key, f"there is no {value}")
    return value


def _required(reader: Reader, key: str, records: Container[int]) -> int:
    """The id of a record that must be there."""
    value = _known(reader, key, records)
    if value is None:
        raise reader.complain(key, "is missing")
    return value
