"""docs/install.md names every claim, custom variable, placement and scope, each with its reason."""

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import db
from app.lti import configuration, launch, registration
from app.lti.login import cookie_name
from app.web import lti, visit
from tests.lti.platform import CLAIM, PLACEMENT, Browser, claims, signed

INSTALL = (Path(__file__).parents[2] / "docs" / "install.md").read_text()
STUDENT = "https://www.instructure.com/lti_student_id"


class Watched(dict[str, Any]):
    """Claims that remember which of them were asked for."""

    def __init__(self, claims: dict[str, Any], read: set[str]) -> None:
        super().__init__(claims)
        self.read = read

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)


def verified(browser: Browser, asked: tuple[set[str], set[str]], custom: Any, **changes: Any) -> None:
    """Verify and read one launch, watching."""
    read_claims, read_fields = asked
    sent = browser.begins()
    body = {**claims(sent.nonce, browser.launch_url, **custom), **changes}
    answered = launch.answer({"id_token": signed(body), "state": sent.state})
    assert isinstance(answered, launch.Answer)
    with db.reading() as session:
        pending = launch.find(session, answered, visit.clock())
    cookie = browser.client.get_cookie(cookie_name(sent.state), path="/lti")
    assert isinstance(pending, launch.Pending)
    assert cookie is not None
    watched = Watched(answered.token.claims, read_claims)
    watched[CLAIM + "custom"] = Watched(body[CLAIM + "custom"], read_fields)
    token = launch.Token(answered.token.text, answered.token.header, watched)
    key_sets = browser.app.extensions[lti.KEY_SETS]
    found = launch.verify(pending, launch.Answer(token, sent.state), cookie.value, key_sets, visit.clock())
    assert isinstance(found, launch.Launch), found


def table(heading: str) -> dict[str, str]:
    """The code words of a table's first column, with the last column."""
    section = INSTALL.partition(f"### {heading}\n")[2].partition("\n#")[0]
    assert section, heading
    return dict(re.findall(r"^\| `([^`]+)` \|.*?([^|]+) \|$", section, re.MULTILINE))


@pytest.fixture
def asked(browser: Browser, registered: Flask) -> tuple[set[str], set[str]]:
    """Every claim and custom field that launches from everywhere ask for."""
    read: tuple[set[str], set[str]] = (set(), set())
    unsaid = {"canvas_user_name": None, "canvas_locale": None, "canvas_section_restricted": True}
    for placement in configuration.PLACEMENTS:
        for custom in ({}, unsaid):
            verified(browser, read, custom, **{PLACEMENT: placement, STUDENT: "5"})
    return read


def short(name: str) -> str:
    return name.removeprefix(CLAIM)


def test_every_claim_that_is_read_is_in_the_table_and_nothing_else(asked: tuple[set[str], set[str]]) -> None:
    documented = table("Claims")

    assert {short(name) for name in asked[0]} == set(documented)
    assert all(len(reason.strip()) > 10 for reason in documented.values())


def test_every_custom_variable_is_read_and_in_the_table(asked: tuple[set[str], set[str]]) -> None:
    documented = table("Custom variables")

    assert asked[1] == set(configuration.CUSTOM_FIELDS) == set(documented)
    for name, variable in configuration.CUSTOM_FIELDS.items():
        assert f"| `{name}` | `{variable}` |" in INSTALL


def test_every_placement_is_in_the_table() -> None:
    assert set(table("Placements")) == set(configuration.PLACEMENTS)


def test_the_scopes_and_privacy_levels_are_those_told() -> None:
    assert configuration.SCOPES == ()
    assert "No LTI scope is asked for" in INSTALL
    assert set(table("Privacy level")) == set(registration.PRIVACY)
