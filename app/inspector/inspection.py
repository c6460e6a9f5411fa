"""A whole inspection: of this server, or of one institution."""

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app import db
from app.canvas import Canvas
from app.canvas.oauth import service_scopes
from app.crypto import Keyring
from app.inspector import developer_key, permissions, reach, scopes, server, service, sign_up
from app.inspector.findings import Finding, Part, State, Who, problem
from app.inspector.findings import said as _
from app.inspector.stranger import Stranger
from app.models import Institution, Platform
from app.settings import Settings

PATIENCE = timedelta(seconds=20)  # for all that is asked without a token, and again for all with one


@dataclass(frozen=True, slots=True)
class Inspector:
    """Who looks: with this server's settings and keys, by this clock."""

    settings: Settings
    keyring: Keyring
    clock: Callable[[], datetime]

    def of_server(self) -> Generator[Finding, None, bool]:
        """Everything that only whoever runs the server may know; False: nothing else can be looked at."""
        yield from server.settings(self.settings)
        database = server.database()
        yield database
        if database.state is State.PROBLEM:
            return False
        yield from server.worker(self.clock(), in_detail=True)
        yield server.tool_keys(self.clock())
        return True

    def of_institution(self, institution: Institution) -> Iterator[Finding]:
        """One institution's Canvas, key and service account. No transaction is open meanwhile."""
        stranger = Stranger(self.settings.contact, time.monotonic() + PATIENCE.total_seconds())
        with db.reading() as session:
            known = select(Platform).where(Platform.institution_id == institution.id).order_by(Platform.id)
            platforms = session.scalars(known).all()
        yield from reach.canvas(institution, stranger, self.clock)
        if not platforms:
            what, means = _("Canvas may open Observatory"), _("This Canvas is not registered for LTI.")
            how = _("Run: observatory platform add")
            yield problem(Part.CANVAS, what, means, Who.OPERATOR, how)
        yield from (reach.key_set(platform, stranger) for platform in platforms)
        yield from developer_key.examine(institution, self.settings.public_url, stranger)
        finding, canvas = service.examine(institution, self.keyring, self.settings, self.clock())
        yield finding
        if canvas is not None:
            yield from self._of_account(canvas.within(PATIENCE), service_scopes(institution))
        yield sign_up.discovery(institution, self.settings.public_url, stranger)

    def of_part(self, institution: Institution) -> Iterator[Finding]:
        """What an administrator of an institution may know: theirs, and whether the server does its part."""
        yield from server.worker(self.clock(), in_detail=False)
        yield server.tool_keys(self.clock())
        yield from self.of_institution(institution)

    def _of_account(self, canvas: Canvas, wanted: tuple[str, ...]) -> Iterator[Finding]:
        yield from scopes.examine(canvas, wanted)
        yield from permissions.examine(canvas)
        yield sign_up.self_registration(canvas)
        yield sign_up.providers(canvas)


def institutions(slug: str | None = None) -> list[Institution]:
    """The institutions of this server, or the one of this name; the oldest first."""
    query = select(Institution).order_by(Institution.id)
    with db.reading() as session:
        return list(session.scalars(query.where(Institution.slug == slug) if slug else query))
