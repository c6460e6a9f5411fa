"""Terms, courses, sections and enrollments of a world file."""

from sandbox.clock import BEGINNING
from sandbox.reading import Reader
from sandbox.references import fresh, known, required
from sandbox.roles import ROLE_IDS
from sandbox.world import Course, Enrollment, Section, Term, World

ENROLLMENT_STATES = (
    "active",
    "invited",
    "creation_pending",
    "rejected",
    "completed",
    "inactive",
    "deleted",
)


def read_terms(world: World, top: Reader) -> None:
    """Take the terms out of the file; a root account without any gets its default one."""
    roots = [account.id for account in world.accounts.values() if account.parent_account_id is None]
    for reader in top.each("terms"):
        term = Term(
            id=fresh(world, reader, "term", world.terms),
            root_account_id=known(reader, "root_account_id", roots) or roots[0],
            name=reader.text("name", "Default Term"),
            start_at=reader.moment_or_none("start_at"),
            end_at=reader.moment_or_none("end_at"),
            sis_term_id=reader.text_or_none("sis_term_id"),
        )
        world.add_term(term)
    for root_id in roots:
        if not world.terms_of(root_id):
            world.add_term(Term(world.next_id("term"), root_id, "Default Term"))


def read_course(world: World, reader: Reader) -> None:
    """A course with its sections; one without any gets a section of its own name."""
    course_id = fresh(world, reader, "course", world.courses)
    name = reader.text("name", f"Course {course_id}")
    created_at = reader.moment("created_at", BEGINNING)
    course = Course(
        id=course_id,
        account_id=known(reader, "account_id", world.accounts) or next(iter(world.accounts)),
        name=name,
        course_code=reader.text("course_code", name),
        created_at=created_at,
        workflow_state=reader.one_of(
            "workflow_state", ("available", "unpublished", "completed", "deleted"), "available"
        ),
        navigation=_navigation(reader),
        is_public=reader.yes_or_no("is_public", False),
        sis_course_id=reader.text_or_none("sis_course_id"),
        term_id=known(reader, "term_id", world.terms),
        start_at=reader.moment_or_none("start_at"),
        end_at=reader.moment_or_none("end_at"),
        restrict_enrollments_to_course_dates=reader.yes_or_no("restrict_enrollments_to_course_dates", False),
        blueprint=reader.yes_or_no("blueprint", False),
        template=reader.yes_or_no("template", False),
        sis_batch_id=reader.number_or_none("sis_batch_id"),
    )
    root_id = world.root_account(course.account_id).id
    if course.sis_course_id and world.course_by_sis_id(root_id, course.sis_course_id):
        raise reader.complain("sis_course_id", "another course has the same SIS id")
    if course.term_id is not None and world.terms[course.term_id].root_account_id != root_id:
        raise reader.complain("term_id", "is a term of another root account")
    world.add_course(course)
    for each in reader.each("sections"):
        _section(world, course, each)
    if not world.every_section_of(course.id):
        world.add_section(Section(world.next_id("section"), course.id, name, created_at))


def _section(world: World, course: Course, reader: Reader) -> None:
    section = Section(
        id=fresh(world, reader, "section", world.sections),
        course_id=course.id,
        name=reader.text("name", course.name),
        created_at=reader.moment("created_at", course.created_at),
        sis_section_id=reader.text_or_none("sis_section_id"),
        nonxlist_course_id=reader.number_or_none("nonxlist_course_id"),
        start_at=reader.moment_or_none("start_at"),
        end_at=reader.moment_or_none("end_at"),
        restrict_enrollments_to_section_dates=reader.yes_or_no(
            "restrict_enrollments_to_section_dates", False
        ),
        workflow_state=reader.one_of("workflow_state", ("active", "deleted"), "active"),
        sis_batch_id=reader.number_or_none("sis_batch_id"),
    )
    root_id = world.root_account(course.account_id).id
    if section.sis_section_id and world.section_by_sis_id(root_id, section.sis_section_id):
        raise reader.complain("sis_section_id", "another section has the same SIS id")
    world.add_section(section)


def _navigation(reader: Reader) -> dict[str, bool]:
    """Which tools a course shows, by client id."""
    shown = reader.anything("navigation") or {}
    for client_id, value in shown.items():
        if not isinstance(value, bool):
            raise reader.complain(f"navigation.{client_id}", "must be true or false")
    return shown


def read_enrollment(world: World, reader: Reader) -> None:
    """An enrollment, in the course's default section unless another is named."""
    course_id = required(reader, "course_id", world.courses)
    section_id = known(reader, "section_id", world.sections) or world.sections_of(course_id)[0].id
    if world.sections[section_id].course_id != course_id:
        raise reader.complain("section_id", f"is not a section of course {course_id}")
    created_at = reader.moment("created_at", BEGINNING)
    row = Enrollment(
        id=fresh(world, reader, "enrollment", world.enrollments),
        user_id=required(reader, "user_id", world.users),
        course_id=course_id,
        section_id=section_id,
        type=reader.one_of("type", tuple(ROLE_IDS), "StudentEnrollment"),
        created_at=created_at,
        updated_at=reader.moment("updated_at", created_at),
        state=reader.one_of("state", ENROLLMENT_STATES, "active"),
        associated_user_id=known(reader, "associated_user_id", world.users),
        limit_to_section=reader.yes_or_no("limit_to_section", False),
        start_at=reader.moment_or_none("start_at"),
        end_at=reader.moment_or_none("end_at"),
        sis_batch_id=reader.number_or_none("sis_batch_id"),
        role_id=known(reader, "role_id", world.roles),
    )
    role = world.roles.get(row.role_id or 0)
    if role is not None and role.base_role_type != row.type:
        raise reader.complain("role_id", f"is no role of a {row.type}")
    if row.associated_user_id is not None and row.type != "ObserverEnrollment":
        raise reader.complain("associated_user_id", "only an ObserverEnrollment may have one")
    world.add_enrollment(row)
