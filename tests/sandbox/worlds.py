"""A small world with everyone whose rights differ: two root accounts, a sub-account, five courses.

Tokens are `tok-` and the login. Account 1 answers at localhost, account 3 at 127.0.0.1.
"""

from typing import Any

PARENT, MIA, NILS, FAR, BOTH, BOTH_PARENT = 10, 11, 12, 13, 14, 15
TEACHER, TA, DESIGNER, LIMITED = 20, 21, 22, 23
ADMIN, FAR_ADMIN, SUB_ADMIN, SERVICE, HELPER = 40, 41, 42, 43, 44
NOBODY, TEST_STUDENT = 50, 60
MATHS, DRAFT, OLD, ELSEWHERE, GONE = 100, 101, 102, 103, 104
A, B = 1000, 1001

PEOPLE: list[tuple[int, str, str, list[int]]] = [
    (PARENT, "Per Holm", "parent", [1]),
    (MIA, "Mia Holm", "mia", [1]),
    (NILS, "Nils Another", "nils", [1]),
    (FAR, "Far Away", "far", [3]),
    (BOTH, "Bo Both", "both", [1, 3]),
    (BOTH_PARENT, "Pia Both", "bothparent", [1, 3]),
    (TEACHER, "Tea Cher", "teacher", [1]),
    (TA, "Tay Ay", "ta", [1]),
    (DESIGNER, "Des Igner", "designer", [1]),
    (LIMITED, "Lim Ited", "limited", [1]),
    (ADMIN, "Ad Min", "admin", [1]),
    (FAR_ADMIN, "Far Admin", "faradmin", [3]),
    (SUB_ADMIN, "Sub Admin", "subadmin", [1]),
    (SERVICE, "Ser Vice", "service", [1]),
    (HELPER, "Hel Per", "helper", [1]),
    (NOBODY, "No Body", "nobody", []),
]


def small_world() -> dict[str, Any]:
    """A fresh copy; change it as the test needs, then `sandbox.use(world)`."""
    return {
        "accounts": [
            {"id": 1, "name": "Holm School", "domain": "localhost"},
            {"id": 2, "name": "Lower School", "parent_account_id": 1},
            {"id": 3, "name": "Far School", "domain": "127.0.0.1"},
        ],
        "users": [_user(*person) for person in PEOPLE]
        + [{"id": TEST_STUDENT, "name": "Test Student", "logins": [], "test_student": True}],
        "admins": [
            {"user_id": ADMIN, "account_id": 1},
            {"user_id": FAR_ADMIN, "account_id": 3},
            {"user_id": SUB_ADMIN, "account_id": 2},
            {"user_id": SERVICE, "account_id": 1, "permissions": ["read_roster", "manage_user_observers"]},
            {"user_id": HELPER, "account_id": 1, "permissions": ["remove_observer_from_course"]},
        ],
        "courses": [
            _course(MATHS, 2, "available", A, B),
            _course(DRAFT, 1, "unpublished", 1010),
            _course(OLD, 1, "completed", 1020),
            _course(ELSEWHERE, 3, "available", 1030),
            _course(GONE, 1, "deleted", 1040),
        ],
        "enrollments": [
            _row(MIA, MATHS, A),
            _row(MIA, MATHS, B),
            _row(MIA, DRAFT, 1010, state="invited"),
            _row(MIA, OLD, 1020, state="completed"),
            _row(NILS, MATHS, B),
            _row(FAR, ELSEWHERE, 1030),
            _row(BOTH, ELSEWHERE, 1030),
            _row(BOTH, MATHS, A, state="inactive"),
            _row(TEACHER, MATHS, A, "Teacher"),
            _row(TEACHER, DRAFT, 1010, "Teacher"),
            _row(TEACHER, OLD, 1020, "Teacher"),
            _row(TA, MATHS, A, "Ta"),
            _row(DESIGNER, MATHS, A, "Designer"),
            _row(LIMITED, MATHS, A, "Teacher") | {"limit_to_section": True},
            _row(TEST_STUDENT, MATHS, A, "StudentView"),
        ],
    }


def _user(id: int, name: str, login: str, accounts: list[int]) -> dict[str, Any]:
    return {
        "id": id,
        "name": name,
        "email": f"{login}@holm.test",
        "tokens": [f"tok-{login}"],
        "logins": [
            {"account_id": each, "unique_id": login, "password": "pw", "sis_user_id": f"sis-{login}"}
            for each in accounts
        ],
    }


def _course(id: int, account_id: int, state: str, *section_ids: int) -> dict[str, Any]:
    sections = [{"id": each, "name": f"Section {each}"} for each in section_ids]
    return {"id": id, "account_id": account_id, "name": f"Course {id}", "course_code": f"C{id}"} | {
        "workflow_state": state,
        "sections": sections,
    }


def _row(
    user_id: int, course_id: int, section_id: int, kind: str = "Student", state: str = "active"
) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "course_id": course_id,
        "section_id": section_id,
        "type": f"{kind}Enrollment",
        "state": state,
    }
