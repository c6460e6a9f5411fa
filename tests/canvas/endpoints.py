"""Every endpoint of app.canvas, and a good answer to each."""

from collections.abc import Callable
from typing import Any

from app.canvas import (
    Canvas,
    accounts,
    conversations,
    courses,
    enrollments,
    observees,
    sections,
    sis_imports,
    terms,
    users,
)
from app.canvas import authentication_providers as providers
from app.canvas.authentication_providers import SelfRegistration
from app.canvas.users import NewUser

MIA = {"id": 41, "name": "Mia Holm", "sortable_name": "Holm, Mia", "observation_link_root_account_ids": [1]}
ROW = {
    "id": 501,
    "user_id": 77,
    "course_id": 3,
    "type": "StudentEnrollment",
    "created_at": "2026-02-01T08:00:00Z",
    "associated_user_id": 41,
    "course_section_id": 9,
    "enrollment_state": "active",
    "user": {"id": 77, "name": "Per Holm", "sortable_name": "Holm, Per"},
}
COURSE = {
    "id": 3,
    "name": "Maths",
    "course_code": "MA",
    "workflow_state": "available",
    "account_id": 2,
    "sis_course_id": "MA7",
    "access_restricted_by_date": False,
    "enrollments": [{"type": "observer", "user_id": 77, "associated_user_id": 41}],
}
PROFILE = {
    "id": 77,
    "name": "Per",
    "time_zone": "Europe/Copenhagen",
    "locale": "da",
    "effective_locale": "da",
}
PERSON = {**MIA, "login_id": "mia.holm", "sis_user_id": "stu-41", "email": "mia@school.test"}
CODE = {"user_id": 41, "code": "aB3dE9", "expires_at": "2026-11-29T07:00:00Z", "workflow_state": "active"}
ACCOUNT = {"id": 2, "name": "Lower", "parent_account_id": 1, "root_account_id": 1}
TERMS = {"id": 1, "passive": False, "content": "Be kind.", "self_registration_type": "observer"}
TERM = {"id": 5, "name": "Autumn", "start_at": "2026-08-01T00:00:00Z", "end_at": None, "sis_term_id": "A26"}
SECTION = {"id": 9, "name": "7A", "course_id": 3, "sis_section_id": "MA7-A"}
PROVIDER = {
    "id": 1,
    "auth_type": "canvas",
    "position": 1,
    "self_registration": "observer",
    "parent_registration": False,
}
SSO = {"sso_settings": {"login_handle_name": "Login", "auth_discovery_url": "https://x.test/", "other": None}}
IMPORT = {
    "id": 12,
    "created_at": "2026-02-01T08:00:00Z",
    "ended_at": "2026-02-01T08:01:00Z",
    "progress": 100,
    "workflow_state": "imported_with_messages",
    "data": {"counts": {"users": 2, "user_observers": 1, "warning_count": 1}},
    "processing_warnings": [["user_observers.csv", "A student referenced a non-existent user stu-9"]],
}
ROW_ERROR = {"sis_import_id": 12, "file": "user_observers.csv", "message": "Improper status", "row": 3}

NEW = NewUser(name="Per", login="per", email="p@home.test", sis_user_id="par-77", password="s3cret-passw0rd")
Call = Callable[[Canvas], object]
ENDPOINTS: dict[str, tuple[Call, Any]] = {
    "users.get": (lambda canvas: users.get(canvas, "41"), PERSON),
    "users.profile": (users.profile, PROFILE),
    "users.search_account": (lambda canvas: users.search_account(canvas, "1", "mia"), [PERSON]),
    "users.create": (lambda canvas: users.create(canvas, "1", NEW), PERSON),
    "users.register": (
        lambda canvas: users.register(
            canvas, "1", name="Per", email="p@home.test", password="s3cret-passw0rd", pairing_code="aB3dE9"
        ),
        PERSON,
    ),
    "users.page_of_account": (lambda canvas: users.page_of_account(canvas, "1", None), [PERSON]),
    "users.signed_in": (
        lambda canvas: users.signed_in(canvas, "41"),
        {**PERSON, "last_login": "2026-02-01T08:00:00Z"},
    ),
    "users.remove": (lambda canvas: users.remove(canvas, "1", "41"), PERSON),
    "accounts.get": (accounts.get, ACCOUNT),
    "accounts.of_caller": (accounts.of_caller, [ACCOUNT]),
    "accounts.sub_accounts": (lambda canvas: accounts.sub_accounts(canvas, "1"), [ACCOUNT]),
    "accounts.terms_of_service": (accounts.terms_of_service, TERMS),
    "accounts.permissions": (
        lambda canvas: accounts.permissions(canvas, ["read_roster", "manage_sis"]),
        {"read_roster": True, "manage_sis": False},
    ),
    "terms.of_account": (lambda canvas: terms.of_account(canvas, "1"), {"enrollment_terms": [TERM]}),
    "sections.of_course": (lambda canvas: sections.of_course(canvas, "3"), [SECTION]),
    "sections.get": (lambda canvas: sections.get(canvas, "9"), SECTION),
    "authentication_providers.of_account": (providers.of_account, [PROVIDER]),
    "authentication_providers.get": (providers.get, PROVIDER),
    "authentication_providers.set_self_registration": (
        lambda canvas: providers.set_self_registration(canvas, "1", SelfRegistration.OBSERVER),
        PROVIDER,
    ),
    "authentication_providers.sso_settings": (providers.sso_settings, SSO),
    "authentication_providers.set_discovery_url": (
        lambda canvas: providers.set_discovery_url(canvas, "1", None),
        SSO,
    ),
    "sis_imports.start": (lambda canvas: sis_imports.start(canvas, "1", "a.csv", b"a,b\n"), IMPORT),
    "sis_imports.get": (lambda canvas: sis_imports.get(canvas, "1", "12"), IMPORT),
    "sis_imports.of_account": (
        lambda canvas: list(sis_imports.of_account(canvas, "1")),
        {"sis_imports": [IMPORT]},
    ),
    "sis_imports.errors": (
        lambda canvas: list(sis_imports.errors(canvas, "1", "12")),
        {"sis_import_errors": [ROW_ERROR]},
    ),
    "sis_imports.abort": (lambda canvas: sis_imports.abort(canvas, "1", "12"), IMPORT),
    "conversations.send": (lambda canvas: conversations.send(canvas, ["41"], "Hi", "There"), [{"id": 8}]),
    "observees.list_observees": (lambda canvas: observees.list_observees(canvas, "10"), [MIA]),
    "observees.list_observers": (lambda canvas: observees.list_observers(canvas, "41"), [MIA]),
    "observees.find": (lambda canvas: observees.find(canvas, "10", "41"), MIA),
    "observees.find_observer": (lambda canvas: observees.find_observer(canvas, "41", "10"), MIA),
    "observees.add": (lambda canvas: observees.add(canvas, "10", "41"), MIA),
    "observees.add_by_code": (lambda canvas: observees.add_by_code(canvas, "10", "aB3dE9"), MIA),
    "observees.add_by_token": (
        lambda canvas: observees.add_by_token(canvas, "10", "the-student-s-token"),
        MIA,
    ),
    "observees.add_by_credentials": (
        lambda canvas: observees.add_by_credentials(canvas, "10", "mia", "s3cret-passw0rd"),
        MIA,
    ),
    "observees.add_by_credentials, elsewhere": (
        lambda canvas: observees.add_by_credentials(canvas, "10", "mia", "s3cret-passw0rd"),
        {"redirect": "/login/saml/observee"},
    ),
    "observees.remove": (lambda canvas: observees.remove(canvas, "10", "41"), MIA),
    "observees.make_pairing_code": (lambda canvas: observees.make_pairing_code(canvas, "41"), CODE),
    "enrollments.of_course": (lambda canvas: enrollments.observers_in_course(canvas, "3"), [ROW]),
    "enrollments.of_section": (lambda canvas: enrollments.of_section(canvas, "9"), [ROW]),
    "enrollments.of_user": (lambda canvas: enrollments.of_user(canvas, "77"), [ROW]),
    "enrollments.get": (lambda canvas: enrollments.get(canvas, "1", "501"), ROW),
    "enrollments.observe_section": (lambda canvas: enrollments.observe_section(canvas, "9", "77", "41"), ROW),
    "enrollments.observe_course": (lambda canvas: enrollments.observe_course(canvas, "3", "77", "41"), ROW),
    "enrollments.delete": (lambda canvas: enrollments.delete(canvas, "3", "501"), ROW),
    "enrollments.conclude": (lambda canvas: enrollments.conclude(canvas, "3", "501"), ROW),
    "enrollments.deactivate": (lambda canvas: enrollments.deactivate(canvas, "3", "501"), ROW),
    "enrollments.reactivate": (lambda canvas: enrollments.reactivate(canvas, "3", "501"), ROW),
    "courses.get": (lambda canvas: courses.get(canvas, "3"), COURSE),
    "courses.of_account": (lambda canvas: courses.of_account(canvas, "1"), [COURSE]),
    "courses.students": (lambda canvas: courses.students(canvas, "3"), [{**MIA, "enrollments": [ROW]}]),
    "courses.of_student": (lambda canvas: courses.of_student(canvas, "41"), [COURSE]),
    "courses.page_of_account": (
        lambda canvas: courses.page_of_account(canvas, "1", "available", None),
        [COURSE],
    ),
    "courses.own_roles": (courses.own_roles, [COURSE]),
    "courses.observed": (courses.observed, [COURSE]),
    "courses.observed_by": (lambda canvas: courses.observed_by(canvas, "77"), [COURSE]),
}
