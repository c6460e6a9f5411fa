"""An import in lines for a terminal, and for programs; and waiting for the worker to be done with it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

import click

from app import db, jobs
from app.cli.shell import Sorry, moment, say_json
from app.models import Import, ImportRoad, ImportState
from app.pairing.imports import overview, progress, steering
from app.pairing.imports.choosing import AS_FOUND, NEW
from app.pairing.imports.verdicts import Verdict
from app.web import import_rows, import_verdicts, import_words

MOST = 20  # rows that are shown
LOOK = 0.5  # seconds between two looks
GROUPS = {
    "does": "This will be done",
    "asks": "You decide; until then these rows are left out",
    "problems": "This cannot be done",
    "nothing": "Nothing to do",
}
CAME = {
    "links": "connections made",
    "accounts": "accounts made",
    "ended": "connections ended",
    "failed": "rows failed",
    "left": "rows not done",
    "undone": "rows undone",
    "kept": "rows not undone as a whole",
}


def follow(import_id: int) -> Import:
    """Wait until somebody has to decide, or it is done; say what is being done meanwhile."""
    said = ""
    while (of := now_of(import_id)).state in progress.WORKING and not of.paused:
        if not jobs.alive(datetime.now(UTC)):
            raise Sorry(
                "No worker is running, so nothing goes on. Start one: observatory worker",
                f"Then look at it: observatory imports show {of.id}",
            )
        if (doing := import_words.doing(of)) != said:
            click.echo(doing, err=True)
            said = doing
        time.sleep(LOOK)
    return of


def now_of(import_id: int) -> Import:
    """An import as it stands now."""
    with db.reading() as session:
        return session.get_one(Import, import_id)


def road_of(of: Import) -> ImportRoad:
    """The better road for what the preview shows."""
    with db.reading() as session:
        return overview.preview(session, of).proposed(of.rights)


def tell(of: Import, machine: bool = False) -> None:
    """Print an import; one that waits for somebody to mend something ends the command with status 1."""
    if machine:
        say_json(plain(of))
    else:
        for line in lines(of):
            click.echo(line)
    if of.problem:
        raise SystemExit(1)


def lines(of: Import) -> Iterator[str]:
    """Where it stands, and then what it would do, or what came of it."""
    yield f"Import {of.id}, {of.file_name}: {import_words.state(of)}"
    if of.problem:
        yield str(import_words.PROBLEMS[progress.Problem(of.problem)])
    if of.state in progress.WORKING:
        pace = progress.pace(of, datetime.now(UTC))
        yield f"  {import_words.doing(of)} {pace.done} of {pace.total or '…'}"
    elif of.state is ImportState.READY:
        yield from _preview(of)
    elif of.road and of.emptied_at is None:
        yield from _result(of)


def _preview(of: Import) -> Iterator[str]:
    with db.reading() as session:
        numbers = overview.preview(session, of)
    for name, title in GROUPS.items():
        if numbers.groups[name]:
            yield f"{title}:"
        for verdict, count in numbers.groups[name]:
            yield f"{count:>6}  {import_verdicts.HEADINGS[verdict]}"
    for ability, why in of.rights.items():
        yield import_words.lack(ability, why)
    yield from _problems(of)
    if of.road is ImportRoad.FILES:
        yield f"Its files are ready. Run: observatory imports files {of.id} FILE"
    elif numbers.doing:
        road = numbers.proposed(of.rights)
        yield f"Nothing has been changed yet. To do it: observatory imports run {of.id} --road {road}"
    else:
        yield "There is nothing to be done with this sheet as it is."


def _problems(of: Import) -> Iterator[str]:
    """The first rows with a problem, and who is to be chosen from."""
    found = list(islice(overview.problem_rows(of), MOST + 1))
    if found:
        yield "Rows with a problem:"
    for row in found[:MOST]:
        shown = import_rows.row(row)
        pair = f"{shown.observer} observes {shown.student}" if shown.student else shown.observer
        yield f"  row {row.number}: {pair}. {import_verdicts.reason_of(row)}"
        for one in row.candidates or ():
            known = ", ".join(value for name, value in one.items() if name not in ("id", "name"))
            yield f"    {row.id}={one['id']}  {_called(one)} {known}".rstrip()
        if row.candidates:
            yield f"    {row.id}=left_out  leave it out; decide with: observatory imports choose {of.id}"
    if len(found) > MOST:
        yield f"  … all of them: observatory imports problems {of.id} FILE"


def _called(one: dict[str, str]) -> str:
    if one["id"] == NEW:
        return "somebody else: make a separate account"
    if one["id"] == AS_FOUND:
        return f"take it all the same: the sheet says {one['name']}, Canvas says"
    return one["name"]


def _result(of: Import) -> Iterator[str]:
    now = datetime.now(UTC)
    with db.reading() as session:
        result, may_undo = overview.result(session, of), steering.may_undo(session, of, now)
    for name, words in CAME.items():
        if getattr(result, name) or name == "links":
            yield f"{getattr(result, name):>6}  {words}"
    yield from of.sis_words
    if result.failed or result.kept:
        yield f"Every row and what came of it: observatory imports results {of.id} FILE"
    if may_undo:
        yield f"Until {moment(of.undo_until)} it can be undone: observatory imports undo {of.id}"


def plain(of: Import) -> dict[str, object]:
    """An import for a program to read."""
    with db.reading() as session:
        numbers, result = overview.preview(session, of), overview.result(session, of)
    return {
        "number": of.id,
        "file": of.file_name,
        "state": of.state,
        "paused": of.paused,
        "problem": of.problem,
        "road": of.road,
        "done": of.done,
        "total": of.total,
        "created_at": of.created_at.isoformat(),
        "rows": {verdict: numbers.counts[verdict] for verdict in Verdict if numbers.counts.get(verdict)},
        "doing": numbers.doing,
        "result": {name: getattr(result, name) for name in ("done", *CAME)},
    }
