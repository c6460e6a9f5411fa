"""How many students have observers, and who has nobody yet."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from app import db
from app.cli.shell import (
    Sorry,
    as_json,
    for_institution,
    moment,
    note_copy,
    page_words,
    say_json,
    warn_if_idle,
    write,
)
from app.models import Coverage, Institution
from app.pairing import census
from app.pairing import coverage as counted
from app.pairing.coverage import View
from app.pairing.hiding import Cell, Cells, Hidden
from app.people import Operator
from app.sheets.writing import for_people

WORDS = "admin/coverage_words.html"
CELLS = ("total", "none", "some", "one", "several")
LABELS = ("students", "nobody yet", "with an observer", "of them one", "of them several")
USES = {  # of a count
    "issued": "codes made",
    "redeemed": "codes used at least once",
    "expired": "codes that ended unused",
    "everywhere": "connections for all courses, made with Observatory",
    "in_courses": "connections for a single course, made with Observatory",
}


@click.group()
def coverage() -> None:
    """How many students have observers."""


@coverage.command()
@for_institution
def count(at: Institution) -> None:
    """Count now; a worker does it. It is done once a day in any case."""
    with db.transaction() as session:
        begun = census.begin(session, at.id, datetime.now(UTC))
    click.echo("Counting begins." if begun else "Counting is under way already.")
    click.echo("In a large school it takes some hours. Look at it with: observatory coverage show")
    warn_if_idle()


@coverage.command()
@click.option("--account", "account_id", help="A part of the institution, by its number in Canvas.")
@click.option(
    "--csv",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write there who has nobody yet; - is the terminal.",
)
@click.option("--page", type=click.IntRange(1), default=1, show_default=True, help="Of the courses.")
@as_json
@for_institution
def show(at: Institution, account_id: str | None, file: Path | None, page: int, machine: bool) -> None:
    """Show what was counted last: of the institution, or of a part of it with its courses."""
    view = _view(at, account_id, page)
    if file:
        write(file, _nobody_yet(view))
        note_copy(at, "nobody_yet", account=view.account.account_id if view.account else None)
    elif machine:
        say_json(_plain(view))
    else:
        for line in _lines(at, view, page):
            click.echo(line)


def _view(at: Institution, account_id: str | None, page: int) -> View:
    onlooker = Operator(at.id)
    with db.reading() as session:
        account = counted.account(session, onlooker, account_id)
        last = counted.last(session, at.id)
        if account_id and account is None:
            raise Sorry(f"observatory: Canvas told of no account with the number {account_id}.")
        if last is None:
            running = counted.running(session, at.id)
            raise Sorry(
                f"observatory: counting is under way; {running.looked} courses so far."
                if running
                else "observatory: nothing was counted yet. Run: observatory coverage count"
            )
        return counted.view(session, onlooker, last, account, page - 1, datetime.now(UTC))


def _nobody_yet(view: View) -> Iterator[bytes]:
    if not view.listed or view.account is None:
        raise Sorry(
            "observatory: who has nobody yet is not told here: the group is too small, or Canvas was not",
            "asked. Try a larger part with --account.",
        )
    with db.reading() as session:
        rows = counted.nobody_yet(session, view.account)
    return for_people(("Number in Canvas", "Student", "Courses"), rows)


def _lines(at: Institution, view: View, page: int) -> Iterator[str]:
    yield f"{view.account.name if view.account else at.name}, counted {moment(view.last.ended_at)}"
    if view.whole is None:
        yield "  It was not counted."
        return
    if view.cells is None:
        yield "  Canvas was not asked; these are Observatory's own records."
    elif not view.told:
        yield "  This group is too small to be told about, or would give a smaller one away."
    else:
        for name, label in zip(CELLS, LABELS, strict=True):
            yield f"  {_number(getattr(view.cells, name)):>14}  {label}"
    if view.told or view.cells is None:
        for name, label in USES.items():
            yield f"  {_number(_use(view, view.whole, name)):>14}  {label}"
    yield from _parts(view, page)
    if view.cells and any(isinstance(getattr(view.cells, name), Hidden) for name in CELLS):
        yield page_words(WORDS, "why_hidden")


def _parts(view: View, page: int) -> Iterator[str]:
    of_all = f" (page {page} of {view.pages})" if view.pages > 1 else ""
    for title, groups in (("Parts:", view.accounts), (f"Courses{of_all}:", view.courses)):
        if groups:
            yield title
        for group in groups:
            some, total = _number(group.cells.some), _number(group.cells.total)
            yield f"  {group.id:>8}  {group.name}: students {total}, with an observer {some}"


def _use(view: View, row: Coverage, name: str) -> Cell:
    number: int = getattr(row, name)
    return number if name in ("issued", "expired") else view.use(number)


def _number(cell: Cell) -> str:
    return page_words(WORDS, "number", cell)


def _plain(view: View) -> dict[str, object]:
    """Numbers that are hidden are null."""
    told = {"account": view.account.account_id if view.account else None, "counted_at": view.last.ended_at}
    uses = {}
    if view.whole and (view.told or view.cells is None):
        uses = {name: _cell(_use(view, view.whole, name)) for name in USES}
    return {
        **told,
        "students": _cells(view.cells) if view.cells else None,
        **uses,
        "accounts": [{"id": one.id, "name": one.name, **_cells(one.cells)} for one in view.accounts],
        "courses": [{"id": one.id, "name": one.name, **_cells(one.cells)} for one in view.courses],
    }


def _cells(cells: Cells) -> dict[str, int | None]:
    return {name: _cell(getattr(cells, name)) for name in CELLS}


def _cell(cell: Cell) -> int | None:
    return None if isinstance(cell, Hidden) else cell
