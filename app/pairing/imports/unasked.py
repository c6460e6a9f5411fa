"""A row as the sheet alone tells it, with Canvas unasked: for files that a person hands in.

Canvas's files know people and places by SIS ids only. Who has one is taken to be there, and whoever is given
otherwise gets an account; whether that is so, Canvas says when it reads the files.
"""

from collections.abc import Sequence

from app.canvas.courses import Course
from app.canvas.sections import Section
from app.models import ImportRow, RowKind
from app.pairing.imports import choosing, files
from app.pairing.imports.courses import EVERYWHERE, Spot
from app.pairing.imports.directory import Account, Match
from app.pairing.imports.given import Wanted
from app.pairing.imports.seeing import Seen
from app.pairing.imports.verdicts import Where
from app.sheets.pairs import Action, Given


def see_all(rows: Sequence[ImportRow]) -> list[Seen]:
    """Everything about some rows that needs no Canvas."""
    return [_see(row) for row in rows]


def _see(row: ImportRow) -> Seen:
    wanted = Wanted.from_json(row.given)
    spot = _spot(wanted)
    place = (
        spot.course.sis_course_id or "" if spot.course else "",
        spot.section.sis_section_id or "" if spot.section else "",
    )
    return Seen(
        row,
        wanted,
        observer=_observer(row, wanted),
        student=_by_sis_id(wanted.student.sis_id, wanted.student.full_name),
        spot=spot,
        linked=wanted.action is Action.REMOVE,
        in_course=(place[1] or place[0],) if any(place) else (),
        places=(place,) if any(place) else (),
    )


def _observer(row: ImportRow, wanted: Wanted) -> Match:
    """Somebody with an account; whom a row of users.csv, or name and address, make known is new."""
    person = wanted.observer
    if wanted.kind is RowKind.ACCOUNT or row.chosen in choosing.NOBODY:
        return Match()
    if wanted.action is Action.REMOVE or not _told(person):
        return _by_sis_id(files.sis_id_of(person), person.full_name)
    return Match()


def _told(person: Given) -> bool:
    """Whether enough is told for an account: who has an SIS id needs a name, too, to be taken for new."""
    return bool((person.login or person.email) and (person.full_name or not person.sis_id))


def _by_sis_id(sis_id: str, name: str) -> Match:
    if not sis_id:
        return Match()
    return Match((Account(f"sis_user_id:{sis_id}", name or sis_id, sis_id),), "sis_id")


def _spot(wanted: Wanted) -> Spot:
    """The course and section by their SIS ids; where a column does not say by which id, it is that one."""
    if not wanted.course_scoped:
        return EVERYWHERE
    course, section = (place.sis_id or place.given for place in (wanted.course, wanted.section))
    lacks = (wanted.course and not course) or (wanted.section and not section)
    if lacks:
        return Spot(Where.NO_SIS_ID)
    name = course or section
    number = f"sis_course_id:{course}" if course else f"sis_section_id:{section}"
    return Spot(
        Where.FOUND,
        Course(number, name, name, "available", None, course or None),
        Section(f"sis_section_id:{section}", section, number, section) if section else None,
        course_found=True,
        section_found=True,
    )
