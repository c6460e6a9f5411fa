"""A believable school for people who bring no world of their own.

The same people have the same ids every time; each logs in with their login and `password`.
"""

from sandbox.clock import BEGINNING
from sandbox.links import enroll_observer
from sandbox.people import sortable
from sandbox.world import (
    AccessToken,
    Account,
    Admin,
    Course,
    Enrollment,
    Login,
    ObservationLink,
    Section,
    Term,
    User,
    World,
)

ROOT, MIDDLE_SCHOOL = 1, 2
MATHS, BIOLOGY, READING, HISTORY, ROBOTICS = 101, 102, 103, 104, 105
MATHS_A, MATHS_B = 1011, 1012
FIRST_STUDENT = 101
FIRST_PARENT = 1_000_001
PER_HOMEROOM = 250

# What a service account needs to link, to enroll observers one by one and to make codes.
SERVICE_PERMISSIONS = [
    "read_roster",
    "manage_user_observers",
    "read_sis",
    "view_user_logins",
    "read_email_addresses",
    "generate_observer_pairing_code",
    "add_observer_to_course",
    "remove_observer_from_course",
    "read_course_list",
]
SERVICE_TOKEN = "observatory-service-token"  # noqa: S105 - a made-up token of a made-up school

STAFF = (
    (10, "Helen Whitfield", "helen.admin"),
    (11, "Observatory Service", "observatory.service"),
    (12, "Ngozi Eze", "ngozi.advisor"),
    (20, "Amara Okafor", "amara.teacher"),
    (21, "Daniel Reyes", "daniel.teacher"),
    (22, "Mei-Ling Chen", "mei.teacher"),
    (23, "Samuel Brandt", "samuel.teacher"),
    (24, "Priya Raman", "priya.ta"),
)
PARENTS = (
    (40, "Elena Novak", "elena.parent"),
    (41, "Marcus Bennett", "marcus.parent"),
    (42, "Fatima Haddad", "fatima.parent"),
    (43, "Jorge Alvarez", "jorge.parent"),
    (44, "Aiko Tanaka", "aiko.parent"),
)
STUDENTS = (
    "Lucas Novak",
    "Sofia Alvarez",
    "Omar Haddad",
    "Ava Bennett",
    "Kenji Tanaka",
    "Zola Mbeki",
    "Freya Lindqvist",
    "Mateo Alvarez",
    "Anjali Deshmukh",
    "Noah Bennett",
    "Leila Haddad",
    "Tomasz Kowalski",
    "Chidi Nwosu",
    "Isabella Rossi",
    "Dmitri Volkov",
    "Hana Kim",
    "Elijah Carter",
    "Maria dos Santos",
    "Yusuf Demir",
    "Grace O'Brien",
    "Tane Ngata",
    "Amélie Dubois",
    "Ravi Patel",
    "Emma Johansson",
)
GIVEN = (
    *("Adaeze", "Benjamin", "Carmen", "Dalia", "Emre", "Farah", "Gabriel", "Hiro", "Ines", "Jasper"),
    *("Kavya", "Liam", "Mina", "Nadia", "Oscar", "Pilar", "Quentin", "Rosa", "Sanjay", "Thandi"),
)
FAMILY = (
    *("Adeyemi", "Bauer", "Castillo", "Dang", "Eriksen", "Farouk", "García", "Hughes", "Ivanova", "Jensen"),
    *("Khan", "Larsen", "Moreau", "Nakamura", "Ortiz", "Petrov", "Quispe", "Rahman", "Singh", "Tran"),
)


def school(students: int = len(STUDENTS)) -> World:
    """Maple Grove Schools with this many students; beyond two dozen they fill home rooms of 250."""
    world = World()
    world.add_account(Account(ROOT, "Maple Grove Schools", domain="localhost", self_registration="observer"))
    world.add_account(Account(MIDDLE_SCHOOL, "Maple Grove Middle School", parent_account_id=ROOT))
    world.add_term(Term(world.next_id("term"), ROOT, "Default Term"))
    for user_id, name, login in (*STAFF, *PARENTS):
        _person(world, user_id, name, login, sis_user_id=None if user_id >= PARENTS[0][0] else login)
    world.admins.append(Admin(10, ROOT))
    world.admins.append(Admin(11, ROOT, list(SERVICE_PERMISSIONS)))
    world.admins.append(Admin(12, MIDDLE_SCHOOL, ["read_roster", "read_course_list"]))
    world.tokens[SERVICE_TOKEN] = AccessToken(SERVICE_TOKEN, 11)
    _courses(world)
    _staff(world)
    for index in range(min(students, len(STUDENTS))):
        _student(world, index)
    for index in range(len(STUDENTS), students):
        _student_of_a_home_room(world, index)
    _families(world)
    return world


def _person(world: World, user_id: int, name: str, login: str, sis_user_id: str | None) -> User:
    return world.add_user(
        User(
            id=user_id,
            name=name,
            short_name=name,
            sortable_name=sortable(name),
            created_at=BEGINNING,
            email=f"{login}@maplegrove.example",
            logins=[Login(ROOT, login, "password", sis_user_id)],
        )
    )


def _courses(world: World) -> None:
    """Five courses: one with two sections, one concluded, one not yet published."""
    for course_id, account_id, name, code, state in (
        (MATHS, MIDDLE_SCHOOL, "Mathematics 7", "MATH-7", "available"),
        (BIOLOGY, MIDDLE_SCHOOL, "Biology 7", "BIO-7", "available"),
        (READING, MIDDLE_SCHOOL, "Reading Workshop", "READ-7", "available"),
        (HISTORY, MIDDLE_SCHOOL, "World History 6", "HIST-6", "completed"),
        (ROBOTICS, ROOT, "Robotics Club", "ROBO", "unpublished"),
    ):
        world.add_course(Course(course_id, account_id, name, code, BEGINNING, state))
    for section_id, course_id, name in (
        (MATHS_A, MATHS, "Mathematics 7 A"),
        (MATHS_B, MATHS, "Mathematics 7 B"),
        (1021, BIOLOGY, "Biology 7"),
        (1031, READING, "Reading Workshop"),
        (1041, HISTORY, "World History 6"),
        (1051, ROBOTICS, "Robotics Club"),
    ):
        world.add_section(Section(section_id, course_id, name, BEGINNING))


def _staff(world: World) -> None:
    """Daniel sees his section alone; Mei-Ling teaches biology and is herself a student of robotics."""
    _enroll(world, 20, MATHS_A, "TeacherEnrollment")
    _enroll(world, 21, MATHS_B, "TeacherEnrollment", limit_to_section=True)
    _enroll(world, 22, 1021, "TeacherEnrollment")
    _enroll(world, 22, 1051, "StudentEnrollment")
    for section_id in (1031, 1041, 1051):
        _enroll(world, 23, section_id, "TeacherEnrollment")
    _enroll(world, 24, MATHS_A, "TaEnrollment")


def _student(world: World, index: int) -> None:
    """One of the two dozen; Freya sits in both sections of mathematics, Emma left biology."""
    name = STUDENTS[index]
    user_id = FIRST_STUDENT + index
    given = name.split()[0].lower().replace("é", "e")
    _person(world, user_id, name, f"{given}.student", sis_user_id=f"S{user_id:06}")
    _enroll(world, user_id, MATHS_A if index % 2 == 0 else MATHS_B)
    if name == "Freya Lindqvist":
        _enroll(world, user_id, MATHS_B)
    if index % 3 != 0:
        _enroll(world, user_id, 1021, state="inactive" if name == "Emma Johansson" else "active")
    if index % 4 == 0:
        _enroll(world, user_id, 1031, state="invited" if name == "Tane Ngata" else "active")
    if index < 12:
        _enroll(world, user_id, 1041)
    if index % 6 == 1:
        _enroll(world, user_id, 1051)


def _student_of_a_home_room(world: World, index: int) -> None:
    """A further student in a home room of 250 with two sections; every second one has a parent's login."""
    room, seat = divmod(index - len(STUDENTS), PER_HOMEROOM)
    course_id = 1000 + room
    if seat == 0:
        name = f"Home Room {room + 1}"
        world.add_course(Course(course_id, MIDDLE_SCHOOL, name, f"HOME-{room + 1}", BEGINNING))
        for half, letter in enumerate("AB"):
            world.add_section(Section(10_000 + 2 * room + half, course_id, f"{name} {letter}", BEGINNING))
        _enroll(world, 20 + room % 4, 10_000 + 2 * room, "TeacherEnrollment")
    given = GIVEN[index % len(GIVEN)]
    family = FAMILY[index // len(GIVEN) % len(FAMILY)]
    user_id = FIRST_STUDENT + index
    _person(world, user_id, f"{given} {family}", f"student{user_id}", sis_user_id=f"S{user_id:06}")
    _enroll(world, user_id, 10_000 + 2 * room + seat % 2)
    if seat % 2 == 0:
        parent = f"{GIVEN[(index + 7) % len(GIVEN)]} {family}"
        _person(world, FIRST_PARENT + index, parent, f"parent{user_id}", sis_user_id=None)


def _families(world: World) -> None:
    """Elena is linked to Lucas; Marcus observes Ava in mathematics alone; the others have yet to pair."""
    lucas, ava = FIRST_STUDENT + STUDENTS.index("Lucas Novak"), FIRST_STUDENT + STUDENTS.index("Ava Bennett")
    if lucas in world.users:
        world.add_link(ObservationLink(40, lucas, ROOT))
        enroll_observer(world, world.users[40], world.users[lucas], ROOT, BEGINNING)
    if ava in world.users:
        _enroll(world, 41, MATHS_B, "ObserverEnrollment", associated_user_id=ava)


def _enroll(
    world: World,
    user_id: int,
    section_id: int,
    kind: str = "StudentEnrollment",
    state: str = "active",
    associated_user_id: int | None = None,
    limit_to_section: bool = False,
) -> None:
    world.add_enrollment(
        Enrollment(
            id=world.next_id("enrollment"),
            user_id=user_id,
            course_id=world.sections[section_id].course_id,
            section_id=section_id,
            type=kind,
            created_at=BEGINNING,
            updated_at=BEGINNING,
            state=state,
            associated_user_id=associated_user_id,
            limit_to_section=limit_to_section,
        )
    )
