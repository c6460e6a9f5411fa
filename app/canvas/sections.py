"""Sections API: the groups a course is taught in."""

from dataclasses import dataclass

from app.canvas.answers import Fields
from app.canvas.client import Canvas, path


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a course. The SIS id is told to those who may read it."""

    id: str
    name: str
    course_id: str
    sis_section_id: str | None
    nonxlist_course_id: str | None = None  # where it was before it was cross-listed


def _section(fields: Fields) -> Section:
    return Section(
        fields.id(),
        fields.text("name"),
        fields.id("course_id"),
        fields.optional_text("sis_section_id"),
        fields.optional_id("nonxlist_course_id"),
    )


def of_course(canvas: Canvas, course_id: str) -> list[Section]:
    """The sections of a course. Sections API, GET /api/v1/courses/:course_id/sections."""
    return [_section(fields) for fields in canvas.pages(path("courses", course_id, "sections"))]


def get(canvas: Canvas, section_id: str) -> Section:
    """A section, or CanvasMissing. Sections API, GET /api/v1/sections/:id."""
    return _section(canvas.get(path("sections", section_id)).object())
