"""`observatory doctor`: what was found, as lines for a terminal and as files to keep."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flask_babel import force_locale

from app import db
from app.crypto import Keyring
from app.inspector import dry_run, service
from app.inspector.findings import PEOPLE, Finding, Part, State, Who, problem, report, well
from app.inspector.findings import said as _
from app.inspector.inspection import Inspector, institutions
from app.models import Institution
from app.settings import Settings
from app.web.report import as_html, as_pdf

WORDS = {State.WELL: "ok", State.PROBLEM: "problem", State.ADVICE: "advice", State.UNCHECKED: "unknown"}
INDENT = " " * 9


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command was asked for: one institution or all, a dry run's two people, files to write."""

    slug: str | None = None
    dry_run: tuple[str, str] | None = None  # student and observer, by Canvas user id
    html: Path | None = None
    pdf: Path | None = None


class UnknownInstitution(Exception):
    """No institution has this name, or a file or a dry run was not told which of several."""


def clock() -> datetime:
    """The time it is."""
    return datetime.now(UTC)


def examine(settings: Settings, keyring: Keyring, wish: Wish) -> Iterator[Finding]:
    """Look at everything, or at one institution; the server comes first in any case."""
    inspector = Inspector(settings, keyring, clock)
    if not (yield from inspector.of_server()):
        return
    chosen = institutions(wish.slug)
    if len(chosen) != 1 and (wish.slug or wish.dry_run or wish.html or wish.pdf):
        raise UnknownInstitution
    if not chosen:
        means, how = _("No Canvas is registered, so nobody can open this."), _("observatory platform add")
        yield problem(Part.CANVAS, _("A Canvas is registered"), means, Who.OPERATOR, how)
    for institution in chosen:
        yield well(
            Part.CANVAS, _("Institution: %(name)s (%(slug)s)", name=institution.name, slug=institution.slug)
        )
        yield from inspector.of_institution(institution)
        if wish.dry_run:
            yield from _rehearse(settings, keyring, institution, *wish.dry_run)


def _rehearse(
    settings: Settings, keyring: Keyring, institution: Institution, student: str, observer: str
) -> Iterator[Finding]:
    found, canvas = service.examine(institution, keyring, settings, clock())
    with db.reading() as session:
        lent = service.lent(session, institution.id)
    if canvas is None or lent is None:
        yield found
        return
    stage = dry_run.Stage(institution.id, lent.person.id, student, observer, canvas, keyring, clock)
    yield from dry_run.perform(stage)


def line(finding: Finding) -> str:
    """For people: one line if it is well, up to three if it is not."""
    first = f"{WORDS[finding.state]:<8} {finding.what}"
    lines = [f"{first}: {finding.means}" if finding.means else first]
    if finding.who and finding.how:
        lines.append(f"{INDENT}who: {PEOPLE[finding.who]}; how: {finding.how}")
    return "\n".join(lines)


def write(wish: Wish, findings: list[Finding]) -> None:
    """Keep the report in the files that were asked for."""
    named = institutions(wish.slug) if wish.html or wish.pdf else []
    made = report(named[0].name if named else "", clock(), findings)
    with force_locale("en"):  # as the lines on the terminal: nobody's browser asks for another language
        if wish.html:
            _keep(wish.html, as_html(made).encode())
        if wish.pdf:
            _keep(wish.pdf, as_pdf(made))


def _keep(file: Path, content: bytes) -> None:
    """For this user only, as it tells what is weak. One from before is written over."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(content)
