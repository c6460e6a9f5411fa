"""The headers every answer carries."""

from flask import Flask, Response, g, request

from app.settings import origin

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action {forms}; frame-ancestors {ancestors}"
)


def add(app: Flask) -> None:
    """Set the headers on every answer of the application."""

    @app.after_request
    def after(response: Response) -> Response:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin-allow-popups")
        response.headers.setdefault(
            "Content-Security-Policy",
            POLICY.format(forms=_origins("form_targets", "'self'"), ancestors=_ancestors()),
        )
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response


def allow_frame(canvas_url: str) -> None:
    """Let this institution's Canvas, and nobody else, show this answer in a frame."""
    g.frame_ancestors = [*g.get("frame_ancestors", []), origin(canvas_url)]


def lead_out(url: str) -> None:
    """Let a form of this answer lead to Canvas, which may redirect on to a login page anywhere."""
    g.form_targets = [*g.get("form_targets", []), origin(url), "https:"]


def _origins(name: str, *always: str) -> str:
    return " ".join([*always, *g.get(name, [])])


def _ancestors() -> str:
    visit = g.get("visit")
    if visit is not None:
        allow_frame(visit.launch.institution.canvas_url)
    return _origins("frame_ancestors") or "'none'"
