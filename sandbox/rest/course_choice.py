"""Choosing an account's courses, and changing one (Canvas API docs, "Accounts", "Courses")."""

from collections.abc import Callable

from sandbox.answers import not_found
from sandbox.dates import concluded
from sandbox.ids import find_term
from sandbox.rest import params
from sandbox.rest.api import host_account, may
from sandbox.rest.rosters import KINDS
from sandbox.world import Account, Course, Term, current_world

Fits = Callable[[Course], bool]
USUAL = ("unpublished", "available", "completed")


def course_filter(account: Account) -> Fits:
    """Whether a course is in an account and fits the request's filters."""
    world, below = current_world(), _accounts_below(account)
    term, search = _wanted_term(), params.search_term()
    kinds = {KINDS.get(kind, kind) for kind in params.many("enrollment_type")}
    states = set(params.many("state")) or set(USUAL)
    states |= {"unpublished"} if {"created", "claimed"} & states else set()

    def fits(course: Course) -> bool:
        return (
            course.account_id in below
            and (course.workflow_state in states or "all" in states)
            and (search is None or search in _texts(course))
            and (term is None or world.term_of(course) is term)
            and (not kinds or any(row.type in kinds for row in world.enrollments_in(course.id)))
            and _fits_flags(course)
        )

    return fits


def change_course(course: Course, given: params.Params) -> None:
    """Set what `course[...]` names; a SIS id needs the right to manage them."""
    course.name = params.text_in(given, "name") or course.name
    course.course_code = params.text_in(given, "course_code") or course.course_code
    if "start_at" in given:
        course.start_at = params.moment(given, "start_at")
    if "end_at" in given:
        course.end_at = params.moment(given, "end_at")
    if "restrict_enrollments_to_course_dates" in given:
        course.restrict_enrollments_to_course_dates = params.flag(
            given, "restrict_enrollments_to_course_dates"
        )
    root = current_world().course_root(course.id)
    if "sis_course_id" in given and may("manage_sis", account_id=root.id):
        course.sis_course_id = params.text_in(given, "sis_course_id")
        current_world().index_course(course)
    if "term_id" in given:
        term = find_term(current_world(), params.text_in(given, "term_id") or "", root_account_id=root.id)
        course.term_id = term.id if term else course.term_id
    if "blueprint" in given:
        course.blueprint = params.flag(given, "blueprint")


def _accounts_below(account: Account) -> set[int]:
    world = current_world()
    return {each for each in world.accounts if account in world.account_chain(each)}


def _wanted_term() -> Term | None:
    text = params.text("enrollment_term_id")
    if text is None:
        return None
    term = find_term(current_world(), text, root_account_id=host_account().id)
    if term is None:
        raise not_found()
    return term


def _texts(course: Course) -> str:
    """Everything a course may be searched by."""
    return "\n".join([course.name, course.course_code, course.sis_course_id or "", str(course.id)]).lower()


def _fits_flags(course: Course) -> bool:
    """Whether a course fits `published`, `completed`, `blueprint` and `with_enrollments`, where given."""
    world, given = current_world(), params.params()
    facts = {
        "published": course.workflow_state == "available",
        "completed": concluded(world, course),
        "blueprint": course.blueprint,
        "with_enrollments": any(row.state != "deleted" for row in world.enrollments_in(course.id)),
    }
    return all(params.flag(given, name) == holds for name, holds in facts.items() if params.text(name))
