"""Which institution a public page is about: /at/<slug>/, who is signed in, host, the only one, the last."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Flask, abort, make_response, redirect, render_template, request
from flask import session as cookie
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import db
from app.lti.platforms import SLUG
from app.models import Institution
from app.pairing import front
from app.web import visit

AT = re.compile(rf"(?P<prefix>/at/(?P<slug>{SLUG.pattern}))(?=/|$)")
SIGNING_IN = ("connect", "observer", "portal", "sign_up")  # whose pages lead to a sign-in
MOST_NAMED = 10  # schools to choose from
LAST = "institution"  # in the cookie: the slug of where this browser signed in last


class AtPrefix:
    """Takes /at/<slug> off the path, so that every page exists below it and links to its neighbors there."""

    def __init__(self, wsgi_app: Any) -> None:
        self.wsgi_app = wsgi_app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer as the application below the prefix (PEP 3333: SCRIPT_NAME and PATH_INFO)."""
        path: str = environ.get("PATH_INFO", "")
        found = AT.match(path)
        if found is not None:
            environ[visit.SLUG] = found["slug"]
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + found["prefix"]
            environ["PATH_INFO"] = path.removeprefix(found["prefix"]) or "/"
        return cast(Iterable[bytes], self.wsgi_app(environ, start_response))


def install(app: Flask) -> None:
    """Put every page below /at/<slug>/ as well, and let templates print where that is."""
    app.wsgi_app = AtPrefix(app.wsgi_app)  # type: ignore[method-assign]
    app.before_request(_lead_home)
    app.add_template_global(address, "public_address")


def here() -> Institution:
    """The institution of this page; a page that says so, with 404, if the address does not tell which."""
    found = _find()
    if found is None:
        abort(make_response(render_template("refusals/institution.html", schools=_few()), 404))
    return found


def address(institution: Institution, page: str = "") -> str:
    """Where anybody finds a public page of an institution: what is printed, shown as QR code, told Canvas."""
    return front.home(institution, visit.settings().public_url) + page


def remember(institution: Institution) -> None:
    """Let this browser find back, also from Canvas's sign-in, whose way back says no institution."""
    cookie[LAST] = institution.slug


def _few() -> Sequence[Institution]:
    """The institutions to choose from, for whoever has an old letter; none where there are many."""
    with db.reading() as session:
        found = session.scalars(select(Institution).order_by(Institution.name).limit(MOST_NAMED + 1)).all()
    return found if len(found) <= MOST_NAMED else ()


def _lead_home() -> Response | None:
    """From an institution's own host to where Canvas sends people back to: only there a sign-in can end."""
    if request.method != "GET" or request.blueprint not in SIGNING_IN or visit.SLUG in request.environ:
        return None
    public_url = visit.settings().public_url
    with db.reading() as session:
        found = None if request.host == urlsplit(public_url).netloc else _of_host(session)
    if found is None:
        return None
    return redirect(f"{public_url}/at/{found.slug}{request.full_path.removesuffix('?')}")


def _of_host(session: Session) -> Institution | None:
    return session.scalar(select(Institution).where(Institution.host == request.host.partition(":")[0]))


def _find() -> Institution | None:
    slug = request.environ.get(visit.SLUG)
    if slug is None and (observer := visit.find_observer()) is not None:
        return observer.institution
    with db.reading() as session:
        if slug is not None:
            return session.scalar(select(Institution).where(Institution.slug == slug))
        by_host = _of_host(session)
        if by_host is not None:
            return by_host
        some = session.scalars(select(Institution).limit(2)).all()
        if len(some) == 1:
            return some[0]
        return session.scalar(select(Institution).where(Institution.slug == cookie.get(LAST, "")))
