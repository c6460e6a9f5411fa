"""Failures become pages here, once. A bug becomes a page with a reference number, and a log entry."""

import secrets

import structlog
from flask import Flask, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from app.errors import (
    CanvasFailure,
    CanvasForbids,
    CanvasThrottled,
    Failure,
    NotConnected,
    ScopeMissing,
    TokenDead,
)

log = structlog.get_logger()

Page = tuple[str, int]


def handle(app: Flask) -> None:
    """Register the pages for everything that can go wrong."""
    app.register_error_handler(CSRFError, _form_expired)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Failure, _failure)
    app.register_error_handler(Exception, _bug)


def kind_of(failure: Failure) -> tuple[str, int]:
    """The word that chooses the sentence, and the status. The world failing is not the visitor's mistake."""
    match failure:
        case NotConnected() | TokenDead():
            return "not_connected", 503
        case ScopeMissing() | CanvasForbids():
            return "not_allowed", 503
        case CanvasThrottled():
            return "busy", 503
        case CanvasFailure():
            return "canvas_away", 503
        case _:
            return "misconfigured", 503


def _form_expired(error: CSRFError) -> Page:
    return render_template("errors/form.html"), 400


def _http(error: HTTPException) -> Page:
    status = error.code or 500
    return render_template("errors/http.html", status=status), status


def _failure(failure: Failure) -> Page:
    kind, status = kind_of(failure)
    log.warning("failure", kind=kind, failure=type(failure).__name__, message=str(failure))
    part = "HX-Request" in request.headers
    return render_template("errors/failure_part.html" if part else "errors/failure.html", kind=kind), status


def _bug(error: Exception) -> Page:
    reference = secrets.token_hex(4)
    log.error("bug", reference=reference, exc_info=error)
    return render_template("errors/bug.html", reference=reference), 500
