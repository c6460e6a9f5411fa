"""Finding the course, or section, that a row names, and where in it the student is.

Calls to Canvas: up to three for each course or section that is new in this turn.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.canvas import Canvas, courses, sections
from app.canvas.client import named
from app.canvas.courses import Course
from app.canvas.sections import Section
from app.errors import CanvasMissing
from app.pairing.imports.directory import HERE
from app.pairing.imports.given import Wanted
from app.pairing.imports.verdicts import Where
from app.sheets.pairs import Place

SHORTEST = 2  # letters that Canvas searches by


@dataclass(frozen=True, slots=True)
class Spot:
    """The course of a row, and the section if it names one."""

    where: Where
    course: Course | None = None
    section: Section | None = None
    course_found: bool = False
    section_found: bool = False


EVERYWHERE = Spot(Where.EVERYWHERE)


@dataclass(slots=True)
class Atlas:
    """Courses and sections as one turn of one import sees them."""

    canvas: Canvas
    courses: dict[Place, list[Course]] = field(default_factory=dict)
    sections: dict[tuple[Place, str], list[Section]] = field(default_factory=dict)

    def find(self, row: Wanted) -> Spot:
        """What a row names."""
        if not row.course_scoped:
            return EVERYWHERE
        found = self._courses(row.course) if row.course else []
        if len(found) > 1:
            return Spot(Where.AMBIGUOUS, course_found=True)
        course = found[0] if found else None
        within = self._sections(row.section, course.id if course else "") if row.section else []
        section = within[0] if within else None
        if section is not None and (not row.course or (course and course.id == section.nonxlist_course_id)):
            course = self._by_id(section.course_id)  # a cross-listed section may be named by either course
        known, within_known = bool(found), section is not None
        lost = (row.course and not found) or (row.section and section is None) or course is None
        if lost or course is None or (section is not None and section.course_id != course.id):
            return Spot(Where.UNKNOWN, course_found=known, section_found=within_known)
        over = course.state in ("completed", "deleted")
        return Spot(Where.OVER if over else Where.FOUND, course, section, known, within_known)

    def places(self, section_ids: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """Course and section as Canvas's importer is to be told of them: a section's SIS id is enough."""
        found = [one for each in section_ids for one in self._sections(Place(canvas_id=each), "")]
        return tuple(("", one.sis_section_id) for one in found if one.sis_section_id)

    def _by_id(self, course_id: str) -> Course | None:
        return next(iter(self._courses(Place(canvas_id=course_id))), None)

    def _courses(self, place: Place) -> list[Course]:
        if place not in self.courses:
            self.courses[place] = self._ask_for_course(place)
        return self.courses[place]

    def _ask_for_course(self, place: Place) -> list[Course]:
        sis_id = place.sis_id or place.given
        names = [named("sis_course_id", sis_id)] if sis_id else []
        names += [number for number in (place.canvas_id, place.given) if number.isdigit()]
        for name in names:
            if found := _course(self.canvas, name):
                return [found]
        code = place.code or place.given
        if len(code) < SHORTEST:
            return []
        listed = courses.of_account(self.canvas, HERE, code)
        return [one for one in listed if code.casefold() in (one.code.casefold(), one.name.casefold())]

    def _sections(self, place: Place, course_id: str) -> list[Section]:
        key = (place, course_id)
        if key not in self.sections:
            self.sections[key] = self._ask_for_section(place, course_id)
        return self.sections[key]

    def _ask_for_section(self, place: Place, course_id: str) -> list[Section]:
        sis_id = place.sis_id or place.given
        names = [named("sis_section_id", sis_id)] if sis_id else []
        names += [place.canvas_id] if place.canvas_id.isdigit() else []
        for name in names:
            if found := _section(self.canvas, name):
                return [found]
        if not (course_id and place.given):
            return []
        listed = sections.of_course(self.canvas, course_id)
        return [one for one in listed if one.name.casefold() == place.given.casefold()]


def _course(canvas: Canvas, name: str) -> Course | None:
    try:
        return courses.get(canvas, name)
    except CanvasMissing:
        return None


def _section(canvas: Canvas, name: str) -> Section | None:
    try:
        return sections.get(canvas, name)
    except CanvasMissing:
        return None
