"""Pages look and speak as Canvas around them does."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask, render_template_string

from app.lti import appearance
from app.web import lti
from tests.facts import fact
from tests.lti.conftest import launches_recorded
from tests.lti.platform import Browser

BRAND = {"ic-brand-primary": "#0374B5", "ic-link-color": "#7A0019"}


@pytest.fixture
def registered(registered: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Portals that are a real page with a date on it."""
    blocks = "{% block title %}x{% endblock %}{% block main %}{{ when|moment }}{% endblock %}"
    page = "{% extends 'framed.html' %}" + blocks
    when = datetime(2026, 1, 31, 23, tzinfo=UTC)
    for portal in lti.Portal:
        monkeypatch.setitem(lti.portals, portal, lambda: render_template_string(page, when=when))
    return registered


@fact("lti 2.7", "$com.instructure.brandConfigJSON is the account's theme as a JSON text.")
@pytest.mark.parametrize(
    ("brand", "color"),
    [
        (json.dumps(BRAND), "0374b5"),
        (BRAND, "0374b5"),
        (json.dumps({**BRAND, "ic-brand-primary": "#FFD100"}), "7a0019"),  # yellow cannot be read on white
        (json.dumps({"ic-brand-primary": "#FFD100"}), None),
        (json.dumps({"ic-brand-primary": "red; } body { display: none"}), None),
        (json.dumps({"ic-brand-primary": "url(https://elsewhere.example)"}), None),
        (json.dumps({"ic-brand-primary": ["#0374B5"]}), None),
        (json.dumps(["#0374B5"]), None),
        ("$com.instructure.brandConfigJSON", None),
        ("[" * 100_000, None),
        (None, None),
        (7, None),
    ],
)
def test_a_theme_gives_a_color_that_can_be_read_or_none(brand: object, color: str | None) -> None:
    assert appearance.accent(brand) == color


def test_a_page_wears_the_schools_color(browser: Browser) -> None:
    page = browser.launches(canvas_brand=json.dumps(BRAND))

    assert '<link rel="stylesheet" href="/lti/theme/0374b5.css">' in page.text
    sheet = browser.request("GET", "/lti/theme/0374b5.css")
    assert sheet.mimetype == "text/css"
    assert "--accent: #0374b5;" in sheet.text
    assert "max-age" in sheet.headers["Cache-Control"]


@pytest.mark.parametrize("color", ["ffd100", "red", "0374b5;", "0374b5}", "../app"])
def test_no_other_sheet_can_be_had(browser: Browser, color: str) -> None:
    assert browser.request("GET", f"/lti/theme/{color}.css").status_code == 404


@fact("lti 2.7", '$Canvas.user.prefersHighContrast is "true" or "false".')
@pytest.mark.parametrize(
    ("said", "contrast"),
    [("true", True), (True, True), ("false", False), ("$Canvas.user.x", False), (7, False)],
)
def test_high_contrast_goes_before_a_schools_colors(browser: Browser, said: object, contrast: bool) -> None:
    page = browser.launches(canvas_high_contrast=said, canvas_brand=json.dumps(BRAND))

    assert launches_recorded(browser.app)[-1].high_contrast is contrast
    assert ('class="framed contrast"' in page.text) is contrast
    assert ("/lti/theme/" in page.text) is not contrast


@fact("lti 2.7", "$Person.address.timezone is the name of a zone.")
@pytest.mark.parametrize(
    ("zone", "says"),
    [
        ("America/Denver", "January 31, 2026 4:00\u202fPM"),
        ("Asia/Tokyo", "February 1, 2026 8:00\u202fAM"),
        ("Nowhere/At all", "January 31, 2026 11:00\u202fPM UTC"),
        (None, "January 31, 2026 11:00\u202fPM UTC"),
    ],
)
def test_times_are_of_the_persons_zone(browser: Browser, zone: str | None, says: str) -> None:
    assert says in browser.launches(canvas_time_zone=zone).text


@fact("lti 2.7", "$Message.locale is the language of Canvas's own pages.")
@pytest.mark.parametrize(
    ("custom", "asked", "language", "direction"),
    [
        ({"canvas_locale": "ar"}, "en", "ar", "rtl"),
        ({"canvas_locale": "ar-SA"}, "en", "ar", "rtl"),
        ({"canvas_locale": "es"}, "ar", "ar", "rtl"),  # which we do not speak; the browser asks for one we do
        ({"canvas_locale": "es"}, "fr", "en", "ltr"),
        ({"canvas_locale": "../../etc"}, "", "en", "ltr"),
        ({"canvas_locale": None}, "ar-EG,en;q=0.5", "en", "ltr"),  # Canvas's own claim says English
    ],
)
def test_pages_speak_the_persons_language_if_we_do(
    app: Flask,
    browser: Browser,
    tmp_path: Path,
    custom: dict[str, Any],
    asked: str,
    language: str,
    direction: str,
) -> None:
    folder = tmp_path / "ar" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalog = Catalog(locale="ar")
    catalog.add("Skip to the main part", "انتقل إلى الجزء الرئيسي")
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalog)
    app.extensions["babel"].translation_directories = [str(tmp_path)]
    browser.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = asked

    page = browser.launches(**custom)

    assert f'<html lang="{language}" dir="{direction}"' in page.text
    assert ("Skip to the main part" in page.text) is (language == "en")
