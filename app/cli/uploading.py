"""Taking a sheet in: what its columns mean, and what it would do."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from app import db
from app.cli.import_words import follow, now_of, tell
from app.cli.imports import following, run_it
from app.cli.shell import Sorry, as_json, for_institution
from app.models import Import, ImportRoad, Institution
from app.pairing.imports import intake, progress, steering
from app.sheets.columns import Mapping, Meaning
from app.sheets.decoding import ENCODINGS
from app.sheets.delimited import DELIMITERS
from app.sheets.recognizing import Choices
from app.sheets.troubles import Refused
from app.web import import_words


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="MEANING=HEADER",
    help="What a column means, like student.sis_id='Pupil No', observer.email:2=… for a second parent,"
    " or none=HEADER; the rest is guessed.",
)
@click.option("--encoding", type=click.Choice(ENCODINGS), metavar="NAME", help="Of a CSV file, as cp1252.")
@click.option(
    "--delimiter", type=click.Choice(list(DELIMITERS)), metavar="SIGN", help="Of a CSV file, as ';'."
)
@click.option("--sheet", help="Of a workbook.")
@click.option("--header-row", type=int, help="Counted from 1; 0 if there is no header.")
@click.option(
    "--own-sheet", is_flag=True, default=None, help="It is none of Canvas's files, though its header is."
)
@click.option("--day-first", is_flag=True, help="A date like 03/04/2027 is in April.")
@click.option(
    "--road",
    type=click.Choice([one.value for one in ImportRoad]),
    help="As of `run`; or files alone, with Canvas unasked.",
)
@click.option("--yes", "really", is_flag=True, help="Run it as soon as the preview is made.")
@following
@as_json
@for_institution
def upload(
    at: Institution,
    file: Path,
    columns: tuple[str, ...],
    day_first: bool,
    road: str | None,
    really: bool,
    wait: bool,
    machine: bool,
    **choices: Any,
) -> None:
    """Take FILE in (CSV, XLSX, or a zip of Canvas's own files), and show what it would do."""
    if really and not wait:
        raise Sorry("observatory: --yes needs to wait for the preview, so leave --no-follow out.")
    only_files = ImportRoad.FILES if road == ImportRoad.FILES else None
    try:
        with file.open("rb") as content, db.transaction() as session:
            now = datetime.now(UTC)
            of = intake.take_in(session, at.id, None, file.name, content, now)
            if any(value is not None for value in choices.values()):
                intake.reread(session, of, Choices(**choices))
            intake.read_days(of, day_first)
            steering.preview(session, of, _mapping(of, columns), now, only_files)
    except Refused as refused:
        raise Sorry(import_words.of_trouble(refused)) from None
    click.echo(f"Import {of.id}: {of.file_name}", err=machine)
    of = follow(of.id) if wait else now_of(of.id)
    if really and only_files is None and _has_work(of):
        if not machine:
            tell(of)
        run_it(at, of.id, road, machine)
    elif wait or machine:
        tell(of, machine)


def _has_work(of: Import) -> bool:
    """Whether there is something to do; a sheet that comes every night mostly has nothing new."""
    with db.reading() as session:
        return progress.doable(session, of.id) > 0


def _mapping(of: Import, columns: tuple[str, ...]) -> Mapping | None:
    """What the columns mean, as guessed and then as said; of Canvas's own files nothing is to be said."""
    if not intake.is_sheet(of):
        return None
    (header,) = of.headers.values()
    mapping = intake.mapping_of(of)
    for said in columns:
        meaning, _sign, name = said.partition("=")
        if name not in header:
            raise Sorry(
                f"observatory: no column is called {name!r}. There are:", *(f"  {one}" for one in header)
            )
        word, _colon, nth = meaning.partition(":")
        known = word in tuple(Meaning) and (not nth or nth.isdecimal())
        if not known and word != "none":
            raise Sorry(
                f"observatory: {meaning!r} is no meaning. There are:", *(f"  {one}" for one in Meaning)
            )
        mapping = mapping.corrected(header.index(name), Meaning(word) if known else None, int(nth or 1))
    if mapping.missing:
        raise Sorry(import_words.of_sides(mapping.missing), "Use --column; the columns are:", *header)
    return mapping
