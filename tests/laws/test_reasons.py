"""Every refusal has its own sentence and a next step."""

from datetime import UTC, datetime

from flask import Flask, render_template

from app.lti import refusals
from app.pairing import rules

WHEN = datetime(2026, 1, 31, 12, tzinfo=UTC)


def told(app: Flask, macro: str, reason: rules.Reason) -> str:
    with app.test_request_context():
        parts = app.jinja_env.get_template("parts/reasons.html").make_module()
        words: str = getattr(parts, macro)(reason, WHEN) if macro == "sentence" else parts.next_step(reason)
        return str(words).strip()


def test_every_reason_has_a_sentence_and_a_next_step(app: Flask) -> None:
    for reason in rules.Reason:
        for macro in ("sentence", "next_step"):
            words = told(app, macro, reason)
            assert words.endswith("."), (reason, macro)
            assert len(words) > 15


def test_no_two_reasons_share_a_sentence(app: Flask) -> None:
    sentences = [told(app, "sentence", reason) for reason in rules.Reason]

    assert len(set(sentences)) == len(sentences)


def test_no_sentence_blames(app: Flask) -> None:
    for reason in rules.Reason:
        words = f"{told(app, 'sentence', reason)} {told(app, 'next_step', reason)}".lower()
        for blaming in (
            "you failed",
            "your fault",
            "invalid",
            "illegal",
            "error",
            "must not",
            "wrong person",
        ):
            assert blaming not in words, reason


def test_every_refused_launch_has_a_title_a_sentence_and_a_next_step(app: Flask) -> None:
    for reason in refusals.Reason:
        with app.test_request_context():
            page = render_template("lti/refused.html", reason=reason, deployment_id=None)

        paragraphs = [line for line in page.splitlines() if line.startswith("<p>") and "<small>" not in line]
        assert len(paragraphs) >= 2, reason
        assert all(line.rstrip().endswith(".</p>") for line in paragraphs[:2]), paragraphs
        assert str(reason) in page
