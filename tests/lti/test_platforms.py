"""Registering a Canvas."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from flask import Flask

from app import db
from app.lti import keys
from app.lti.custom import Custom, normal
from app.lti.refusals import Refused
from app.models import Deployment, Institution, ToolKey
from app.models import Platform as PlatformRow
from tests.facts import fact
from tests.lti.conftest import add_platform
from tests.lti.platform import Browser, Platform


def counts() -> list[int]:
    with db.reading() as session:
        return [session.query(table).count() for table in (Institution, PlatformRow, Deployment, ToolKey)]


def test_a_platform_added_twice_is_there_once(registered: Flask, platform: Platform) -> None:
    assert counts() == [1, 1, 1, 1]

    assert add_platform(registered, platform) == []

    assert counts() == [1, 1, 1, 1]


def test_another_deployment_joins_the_first(registered: Flask, platform: Platform) -> None:
    assert add_platform(registered, platform, deployment_id="42:second") == []

    assert counts() == [1, 1, 2, 1]


def test_what_changed_is_brought_up_to_date(browser: Browser, platform: Platform) -> None:
    changes = {"authorize_url": "https://new.canvas.test/authorize", "name": "The New School"}
    assert add_platform(browser.app, platform, **changes) == []

    assert browser.begins().location.startswith("https://new.canvas.test/authorize?")
    with db.reading() as session:
        assert session.query(Institution).one().name == "The New School"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"authorize_url": "http://canvas.test/authorize"}, "authorize_url must start with https://"),
        ({"jwks_url": "ftp://canvas.test"}, "jwks_url must start with https://"),
        ({"canvas_url": "canvas.test"}, "canvas_url must start with https://"),
        ({"token_url": ""}, "token_url must start with https://"),
        ({"authorize_url": "https://canvas.test/?a=b"}, "authorize_url must not have a query"),
        ({"deployment_id": " "}, "deployment_id is empty"),
        ({"slug": "a b", "client_id": "another"}, "slug must be of letters, digits, - and _"),
        ({"slug": "other"}, "belongs to another institution"),
    ],
)
def test_what_cannot_be_right_is_said_and_nothing_written(
    registered: Flask, platform: Platform, changes: dict[str, str], complaint: str
) -> None:
    before = counts()

    (said,) = add_platform(registered, platform, **changes)

    assert complaint in said
    assert counts() == before


def test_the_current_key_is_the_newest_and_opens_with_the_key_ring(registered: Flask) -> None:
    keyring = registered.extensions["keyring"]
    with db.transaction() as session:
        made = keys.make(session, keyring, datetime.now(UTC))
    with db.reading() as session:
        current = keys.current(session, datetime.now(UTC))
    assert current is not None
    assert current.kid == made.kid

    pem = keyring.open(current.private_pem, f"tool_keys.private_pem:{current.kid}")
    assert load_pem_private_key(pem.encode(), None).key_size == 2048  # type: ignore[union-attr]


@fact(
    "lti 2.7",
    "Numbers arrive as texts, booleans as booleans; a literal $Name, null and empty mean: not available.",
)
@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("$Canvas.course.id", None),
        ("$Canvas.membership.permissions<>", None),
        (None, None),
        ("", None),
        ("  ", None),
        ("77", "77"),
        (" 77 ", "77"),
        (77, "77"),
        (0, "0"),
        (True, True),
        (False, False),
        ("true", True),
        ("false", False),
        ("True Grit", "True Grit"),
        ("Zo\u00eb", "Zo\u00eb"),
        ("a\u0000b\ud800", "ab"),
    ],
)
def test_a_custom_value_means(value: object, meant: object) -> None:
    assert normal(value) == meant
    assert type(normal(value)) is type(meant)


@pytest.mark.parametrize("value", [[], {}, 1.5, ["77"]])
def test_a_custom_value_cannot_be(value: object) -> None:
    with pytest.raises(Refused):
        normal(value)


def test_a_missing_custom_value_is_not_said() -> None:
    custom = Custom.read(None)

    assert (custom.text("x"), custom.flag("x"), custom.number("x"), custom.numbers("x")) == (
        None,
        None,
        None,
        (),
    )
