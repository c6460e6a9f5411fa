"""A world from a JSON file, and back: what is dumped and loaded again is the same world."""

import json
from datetime import timedelta
from pathlib import Path

from sandbox.appfile import read_apps
from sandbox.clock import BEGINNING
from sandbox.conversationfile import read_conversations
from sandbox.curriculum import read_course, read_enrollment, read_terms
from sandbox.institution import read_accounts
from sandbox.links import enroll_observer
from sandbox.people import read_user
from sandbox.reading import Reader, WorldError
from sandbox.references import known, required
from sandbox.rolefile import read_roles
from sandbox.sis.worldfile import read_sis_imports
from sandbox.world import (
    AccessToken,
    DeveloperKey,
    ObservationLink,
    PairingCode,
    Settings,
    World,
)

# One issuer for all customers of an environment (Canvas API docs, "Developer Keys").
ISSUERS = {
    "prod": "https://canvas.instructure.com",
    "beta": "https://canvas.beta.instructure.com",
    "test": "https://canvas.test.instructure.com",
}


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
    read_accounts(world, top)
    for reader in top.each("users"):
        read_user(world, reader)
    read_terms(world, top)
    for reader in top.each("courses"):
        read_course(world, reader)
    read_roles(world, top)
    for reader in top.each("enrollments"):
        read_enrollment(world, reader)
    for reader in top.each("observation_links"):
        _link(world, reader)
    for reader in top.each("pairing_codes"):
        _pairing_code(world, reader)
    read_conversations(world, top)
    _keys(world, top)
    read_sis_imports(world, top)
    top.finish()
    return world


def _settings(world: World, top: Reader) -> None:
    reader, usual = top.inside("settings"), Settings()
    environment = reader.one_of("canvas_environment", tuple(ISSUERS), usual.canvas_environment)
    world.settings = Settings(
        forbidden_status=reader.one_of("forbidden_status", (403, 401), usual.forbidden_status),
        throttle_status=reader.one_of("throttle_status", (429, 403), usual.throttle_status),
        throttle=reader.yes_or_no("throttle", usual.throttle),
        pkce=reader.yes_or_no("pkce", usual.pkce),
        require_user_agent=reader.yes_or_no("require_user_agent", usual.require_user_agent),
        issuer=reader.text("issuer", ISSUERS[environment]),
        platform_storage=reader.yes_or_no("platform_storage", usual.platform_storage),
        canvas_environment=environment,
        canvas_region=reader.text("canvas_region", usual.canvas_region),
        card_student_id=reader.one_of("card_student_id", ("global", "local", "absent"), "global"),
        student_context_cards=reader.yes_or_no("student_context_cards", usual.student_context_cards),
        registration_has_deployment_id=reader.yes_or_no("registration_has_deployment_id", True),
        variable_dates=reader.one_of("variable_dates", ("iso", "text"), usual.variable_dates),
        jti_once=reader.yes_or_no("jti_once", usual.jti_once),
        extra_cost=reader.any_number("extra_cost", usual.extra_cost),
        sis_hold=reader.yes_or_no("sis_hold", False),
        sis_hold_after=reader.number_or_none("sis_hold_after"),
    )
    reader.finish()
    moved = top.inside("clock")
    world.clock.advance(moved.any_number("ahead", 0))
    moved.finish()


def _link(world: World, reader: Reader) -> None:
    """A link; without a `state` its observer enrollments are made, as when Canvas makes the link."""
    observer_id = required(reader, "observer_id", world.users)
    student_id = required(reader, "student_id", world.users)
    root_id = known(reader, "root_account_id", world.accounts) or next(iter(world.accounts))
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
        user_id=required(reader, "user_id", world.users),
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
            allow_includes=reader.yes_or_no("allow_includes", False),
        )
        if key.client_id in world.developer_keys:
            raise reader.complain("client_id", "this key is there twice")
        world.developer_keys[key.client_id] = key
    for reader in top.each("access_tokens"):
        token = AccessToken(
            token=reader.text("token"),
            user_id=required(reader, "user_id", world.users),
            client_id=reader.text_or_none("client_id"),
            scopes=reader.texts_or_none("scopes"),
            expires_at=reader.moment_or_none("expires_at"),
            refresh_token=reader.text_or_none("refresh_token"),
            real_user_id=known(reader, "real_user_id", world.users),
            revoked=reader.yes_or_no("revoked", False),
        )
        world.tokens[token.token] = token
    read_apps(world, top)
