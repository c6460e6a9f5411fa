"""Which institution a public page is about: /at/<slug>/, who is signed in, host, the only one, the last."""

import re
from collections.abc import Iterable
from typing import Any, cast

from flask import Flask, abort, make_response, render_template, request
from flask import session as cookie
from sqlalchemy import select

from app import db
from app.lti.platforms import SLUG
from app.models import Institution
from app.web import visit

AT = re.compile(rf"(?P<prefix>/at/(?P<slug>{SLUG.pattern}))(?=/|$)")
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
    """Put every page below /at/<slug>/ as well."""
    app.wsgi_app = AtPrefix(app.wsgi_app)  # type: ignore[method-assign]


def here() -> Institution:
    """The institution of this page; a page that says so, with 404, if the address does not tell which."""
    found = _find()
    if found is None:
        abort(make_response(render_template("refusals/institution.html"), 404))
    return found


def remember(institution: Institution) -> None:
    """Let this browser find back, also from Canvas's sign-in, whose way back says no institution."""
    cookie[LAST] = institution.slug


def _find() -> Institution | None:
    slug = request.environ.get(visit.SLUG)
    if slug is None and (observer := visit.find_observer()) is not None:
        return observer.institution
    with db.reading() as session:
        if slug is not None:
            return session.scalar(select(Institution).where(Institution.slug == slug))
        host = request.host.partition(":")[0]
        by_host = session.scalar(select(Institution).where(Institution.host == host))
        if by_host is not None:
            return by_host
        some = session.scalars(select(Institution).limit(2)).all()
        if len(some) == 1:
            return some[0]
        return session.scalar(select(Institution).where(Institution.slug == cookie.get(LAST, "")))
