"""Who gets in where: every page, without a launch, with an old one, or with one of another role."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app import create_app, db
from app.models import Code, LtiLaunch
from app.settings import Settings
from tests.journeys.rows import change, rows
from tests.people import (
    ADMIN,
    MATHS,
    PUBLIC_URL,
    TEACHER,
    Admin,
    Observer,
    Page,
    Person,
    School,
    Student,
    Teacher,
)

pytestmark = pytest.mark.both_databases

PORTALS = {
    "instructor": ["/instructor/", "/instructor/students", "/instructor/codes", "/instructor/codes/1/revoke"],
    "student": ["/student/", "/student/codes", "/student/codes/1/revoke", "/student/observers"],
    "admin": ["/admin/"],
}
ALL = [path for paths in PORTALS.values() for path in paths]


@pytest.mark.parametrize("path", ["/instructor/", "/student/", "/admin/"])
def test_a_portal_that_is_opened_by_its_address_says_where_to_go(school: School, path: str) -> None:
    page = school.browser().open(PUBLIC_URL + path)

    assert page.status_code == 401
    assert "Please open Observatory from Canvas" in page.text
    assert "Go back to your course or account menu in Canvas and open Observatory there." in page.text


def test_without_a_handle_of_ours_no_portal_opens(school: School) -> None:
    http = school.browser().http
    for fields in ({}, {"launch": ""}, {"launch": "made up"}, {"launch": "\x00"}, {"launch": "x" * 5000}):
        for path in ALL:
            answer = http.post(PUBLIC_URL + path, data=fields)
            assert answer.status_code == 401, path
            assert "Please open Observatory from Canvas" in Page(answer).text


def test_a_handle_in_an_address_opens_nothing(teacher: Teacher) -> None:
    page = teacher.opens_course()
    handle = page.forms[0].fields[0][1]

    answer = teacher.browser.http.post(f"{PUBLIC_URL}/instructor/students?launch={handle}")

    assert answer.status_code == 401


def test_an_old_launch_is_told_to_open_anew(school: School, teacher: Teacher) -> None:
    page = teacher.sees_students()
    change(LtiLaunch, expires_at=datetime(2026, 1, 1, tzinfo=UTC))

    old = teacher.press(page, "Make codes for the ticked students", ticked=[105])

    assert old.status_code == 401
    assert "This page was open for a long time" in old.text
    assert rows(Code) == []


@pytest.mark.parametrize(
    ("who", "entrance", "opens"),
    [
        (TEACHER, f"/courses/{MATHS}", "instructor"),
        (105, f"/courses/{MATHS}", "student"),
        (105, "/users/105", "student"),
        (ADMIN, "/accounts/1", "instructor admin"),
        (ADMIN, f"/courses/{MATHS}", "instructor admin"),
        (40, f"/courses/{MATHS}", ""),
    ],
)
def test_a_launch_opens_the_portals_of_its_role_only(
    school: School, who: int, entrance: str, opens: str
) -> None:
    person = Person(school, who)
    page = person.launches(entrance)
    if not page.forms:
        return
    for portal, paths in PORTALS.items():
        for path in paths:
            status = person.forges(page, path).status_code
            assert (status != 403 or path.endswith(("codes", "revoke"))) if portal in opens else status == 403


def test_a_role_of_another_place_is_explained(school: School) -> None:
    kenji = Student(school, 105)

    page = kenji.forges(kenji.opens(), "/instructor/students")

    assert page.status_code == 403
    assert "In the place you came from, Canvas gives you another role." in page.text


def test_an_admin_of_an_account_has_no_course_to_look_at(school: School) -> None:
    admin = Admin(school, ADMIN)

    assert admin.forges(admin.opens(), "/instructor/students").status_code == 404


def test_an_address_that_is_not_ours_is_no_page(school: School) -> None:
    for path in (
        "/pair/1",
        "/instructor",
        "/nothing",
        "/static/nothing.js",
        "/observer",
        "/.env",
        "/admin/login",
    ):
        page = school.browser().open(PUBLIC_URL + path)
        assert page.status_code in (401, 404) or page.url.endswith("/pair"), path


def test_a_page_that_opens_from_a_button_says_so(school: School) -> None:
    for request in (
        "DELETE /pair",
        "PUT /",
        "GET /instructor/codes",
        "GET /lti/launch",
        "GET /canvas/logout",
    ):
        method, path = request.split()
        answer = school.browser().http.request(method, PUBLIC_URL + path)

        assert answer.status_code == 405, path
        assert "This page opens from a button" in Page(answer).text


def test_every_answer_is_kept_out_of_caches_and_other_sites_frames(school: School, teacher: Teacher) -> None:
    framed = teacher.opens_course().response.headers
    public = school.browser().open(f"{PUBLIC_URL}/").response.headers

    for headers in (framed, public):
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "max-age" in headers["Strict-Transport-Security"]
    assert f"frame-ancestors {school.canvas.url}" in framed["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in public["Content-Security-Policy"]
    assert "launch=" not in framed.get("Location", "")


def test_a_bug_gives_a_number_to_tell_and_nothing_else(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks() -> str:
        raise RuntimeError("a secret")

    monkeypatch.setitem(school.app.view_functions, "discovery.front", breaks)

    page = school.browser().open(f"{PUBLIC_URL}/")

    assert page.status_code == 500
    assert "That is our mistake, not yours." in page.text
    assert "a secret" not in page.response.text


def test_the_server_tells_its_watchers_how_it_is(school: School, teacher: Teacher) -> None:
    browser = school.browser()

    assert browser.open(f"{PUBLIC_URL}/healthz").text == "ok"
    assert browser.open(f"{PUBLIC_URL}/readyz").text == "ok"
    assert 'observatory_jobs{state="waiting"} 0.0' in browser.open(f"{PUBLIC_URL}/metrics").response.text


def test_a_handle_in_a_header_opens_no_portal_by_its_address(school: School, teacher: Teacher) -> None:
    for person, entrance, path in (
        (teacher, f"/courses/{MATHS}", "/instructor/"),
        (Student(school, 105), "/users/105", "/student/"),
        (Admin(school, ADMIN), "/accounts/1", "/admin/"),
    ):
        found = re.search(r'"X-Observatory-Launch": "([^"]+)"', person.launches(entrance).response.text)
        assert found

        answer = person.browser.http.get(PUBLIC_URL + path, headers={"X-Observatory-Launch": found[1]})

        assert answer.status_code == 401
        assert "It is not for you, or it has to be opened from Canvas." in Page(answer).text


def test_a_secret_that_no_key_opens_is_told_as_a_mistake_of_the_server(teacher: Teacher) -> None:
    teacher.issues([105])
    change(Code, sealed="lost:00")

    page = teacher.sees_students()

    assert page.status_code == 503
    assert "Observatory is not set up right" in page.text
    assert "Please tell the people who run this server; its log says more." in page.text


def test_behind_a_proxy_the_visitors_own_address_and_scheme_count(settings: Settings) -> None:
    app = create_app(replace(settings, proxies=1))
    client = app.test_client()

    answer = client.get("/nothing", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"})

    assert "Strict-Transport-Security" in answer.headers
    assert "Strict-Transport-Security" not in client.get("/nothing").headers
    with app.app_context():
        db.database.engine.dispose()


def test_signing_out_without_being_signed_in_is_harmless(school: School) -> None:
    somebody = Observer(school, 44)

    page = somebody.forges(somebody.browser.open(f"{PUBLIC_URL}/pair"), "/canvas/logout")

    assert page.status_code == 200
    assert "You are signed out of Observatory." in page.text
