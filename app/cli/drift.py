"""Where Canvas and our connections differ: looked for, told, mended or left."""

from collections.abc import Iterator
from datetime import UTC, datetime

import click

from app import db
from app.cli.shell import (
    NUMBER,
    Sorry,
    as_json,
    for_institution,
    moment,
    page_words,
    say_json,
    warn_if_idle,
)
from app.models import Drift, Institution
from app.pairing import findings, reconciling
from app.pairing.drift import CLICKS
from app.pairing.findings import Group, Overview

WORDS = "admin/drift_words.html"


@click.group()
def drift() -> None:
    """Where Canvas and Observatory's connections differ. Canvas is right, unless you say otherwise."""


@drift.command()
@for_institution
def look(at: Institution) -> None:
    """Compare with Canvas now; a worker does it. It is done once a day in any case."""
    with db.transaction() as session:
        begun = reconciling.begin(session, at.id, datetime.now(UTC))
    click.echo("Comparing begins." if begun else "Comparing is under way already.")
    click.echo("In a large school it takes some hours. Look at it with: observatory drift show")
    warn_if_idle()


@drift.command()
@as_json
@for_institution
def show(at: Institution, machine: bool) -> None:
    """Show what the last comparison found."""
    with db.reading() as session:
        overview = findings.overview(session, at.id)
    if machine:
        say_json([_plain(one) for group in overview.open for one in group.drifts])
        return
    for line in _lines(overview):
        click.echo(line)


def _lines(overview: Overview) -> Iterator[str]:
    if overview.running:
        yield f"Comparing: {overview.running.looked} connections so far."
    if last := overview.last:
        yield f"Compared {moment(last.ended_at)}: {last.looked} connections, {last.found} not as in Canvas."
        if last.problem:
            yield page_words(WORDS, "problem", last.problem)
    elif not overview.running:
        yield "Nothing was compared yet. Run: observatory drift look"
    for group in overview.open:
        yield from _group(group)


def _group(group: Group) -> Iterator[str]:
    yield f"{page_words(WORDS, 'heading', group.kind)} ({group.kind}, {group.count}):"
    for one in group.drifts:
        under_way = "; is being done" if one.asked_at else ""
        refused = f"; Canvas did not allow it on {moment(one.refused_at)}" if one.refused_at else ""
        yield f"{one.id:>6}  {_who(one)}, found {moment(one.since)}{refused}{under_way}"
    if group.count > len(group.drifts):
        yield f"{'':>8}… only the first {len(group.drifts)} are shown"
    yield f"  {page_words(WORDS, 'meaning', group.kind)}"
    if group.clickable:
        doing = page_words(WORDS, "button", group.kind)
        yield f"  {doing}: observatory drift mend NUMBER, or --all {group.kind}"


@drift.command()
@click.argument("number", type=NUMBER, required=False)
@click.option(
    "--all",
    "kind",
    type=click.Choice(sorted(one.value for one in CLICKS)),
    help="Everything of one kind instead.",
)
@for_institution
def mend(at: Institution, number: int | None, kind: str | None) -> None:
    """Put the difference with this NUMBER right; a worker does it."""
    if (number is None) == (kind is None):
        raise Sorry("observatory: say either a number or --all with a kind.")
    which = Drift.kind == kind if kind else Drift.id == number
    with db.transaction() as session:
        asked = findings.ask(session, at.id, None, datetime.now(UTC), which)
    if not asked:
        raise Sorry("observatory: there is nothing of this to be put right. Run: observatory drift show")
    click.echo(f"To be put right: {asked}.")
    warn_if_idle()


@drift.command()
@click.argument("number", type=NUMBER)
@for_institution
def leave(at: Institution, number: int) -> None:
    """Leave the difference with this NUMBER as it is in Canvas, and do not tell it again."""
    with db.transaction() as session:
        if not findings.leave(session, at.id, number, None, datetime.now(UTC)):
            raise Sorry(
                f"observatory: there is no difference {number} to be left. Run: observatory drift show"
            )
    click.echo("It stays as it is in Canvas.")


def _who(one: Drift) -> str:
    reach = one.link.course_name or "all courses"
    return f"{one.link.observer.name}, who observes {one.link.student.name}: {reach}"


def _plain(one: Drift) -> dict[str, object]:
    return {
        "number": one.id,
        "kind": one.kind,
        "observer": one.link.observer.canvas_user_id,
        "student": one.link.student.canvas_user_id,
        "course": one.link.course_id,
        "since": one.since.isoformat(),
        "is_being_done": one.asked_at is not None,
    }
