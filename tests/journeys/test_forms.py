"""Whatever is typed or sent: never a page of ours that breaks, and what was typed stays."""

import pytest

from app.models import Code
from tests.journeys.rows import rows
from tests.people import PUBLIC_URL, Observer, Page, School, Student, Teacher, field

pytestmark = pytest.mark.both_databases

KENJI = 105
ODD = {
    "a NUL byte": "K7Q2M\x00-9XWPT",
    "control characters": "K7Q2M\x07\x1b[31m9XWPT",
    "an emoji": "K7Q2M👩‍👧9XWPT",
    "combining marks": "K\u03017Q2M-9XWPT",
    "right to left": "\u202eK7Q2M-9XWPT",
    "another script": "К7Ԛ2М-9ХЕРТ",
    "full-width letters": "\uff2b\uff17\uff31\uff12\uff2d\uff19\uff38\uff37\uff30\uff34",
    "arabic digits": "\u0661\u0662\u0663\u0664\u0665\u0666",
    "markup": "<script>alert(1)</script>",
    "a quote": '"><b>',
    "SQL": "' OR 1=1 --",
    "a template": "{{ 7*7 }}",
    "a long word": "A" * 400,
    "a dotless i": "ıııııı",
    "a sharp s": "ßßßßßßßßßß",
    "half a pair": "\ud83d".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
}


def test_odd_input_is_refused_kindly_and_kept(parent: Observer) -> None:
    parent.enters()
    for what, typed in ODD.items():
        page = parent.redeems(typed)

        assert page.status_code == 422, what
        assert "This code has a typing mistake." in page.text, what
        assert field(page) == typed, what
        assert "<script>alert" not in page.response.text


def test_odd_input_survives_the_sign_in(parent: Observer) -> None:
    page = parent.redeems("K7Q2M👩‍👧9XWPT, \u202e<b>")

    assert field(page) == "K7Q2M👩‍👧9XWPT, \u202e<b>"


@pytest.mark.parametrize("signed_in", [True, False])
def test_too_much_is_refused_kindly_and_kept(parent: Observer, signed_in: bool) -> None:
    if signed_in:
        parent.enters()
    for length in (401, 10_000, 200_000):
        page = parent.browser.open(f"{PUBLIC_URL}/pair")
        button = "Connect me" if signed_in else "Sign in with Canvas and go on"

        page = parent.press(page, button, code="A" * length)

        assert page.status_code == 422
        assert "That is too long for pairing codes." in page.text
        assert field(page) == "A" * length


def test_far_too_much_is_refused_at_the_door(parent: Observer) -> None:
    page = parent.press(
        parent.browser.open(f"{PUBLIC_URL}/pair"), "Sign in with Canvas and go on", code="A" * 300_000
    )

    assert page.status_code == 413
    assert "That is too large" in page.text


def test_a_form_without_our_proof_changes_nothing(school: School, parent: Observer) -> None:
    code = Student(school, KENJI).issues()
    parent.redeems(code)
    leaving = {"student": str(KENJI), "course": "", "sure": "1"}

    for proof in ({}, {"csrf_token": ""}, {"csrf_token": "made up"}, {"csrf_token": "\x00"}):
        for path, more in {"/pair": {"code": code}, "/observer/leave": leaving, "/canvas/logout": {}}.items():
            answer = parent.browser.http.post(
                PUBLIC_URL + path, data={**proof, **more}, headers={"Referer": PUBLIC_URL}
            )
            assert answer.status_code == 400, (path, proof)
            assert "Please send the form again" in Page(answer).text
    assert (parent.id, KENJI) in school.links()
    assert "Kenji Tanaka" in parent.portal().text


def test_a_form_from_another_site_changes_nothing(school: School, parent: Observer) -> None:
    parent.redeems(Student(school, KENJI).issues())
    page = parent.portal()
    form, _ = page.form_with("Sign out")

    answer = parent.browser.http.post(
        f"{PUBLIC_URL}/canvas/logout", data=dict(form.fields), headers={"Referer": "https://evil.test/"}
    )

    assert answer.status_code == 400
    assert "Kenji Tanaka" in parent.portal().text


FORMS = [
    "/pair", "/observer/leave", "/canvas/logout", "/canvas/connect", "/instructor/codes", "/student/codes",
    "/student/observers", "/instructor/students", "/lti/login", "/lti/launch", "/admin/",
]  # fmt: skip
KINDS = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json"]


@pytest.mark.parametrize(
    "body", [b"", b"\x00\xff\xfe", b"a=%ZZ&launch=%00", b"launch=" + b"x" * 5000, b"code=%ED%A0%80"]
)
def test_garbage_in_a_body_breaks_no_page(school: School, body: bytes) -> None:
    http = school.browser().http
    for path in FORMS:
        for kind in KINDS:
            answer = http.post(PUBLIC_URL + path, content=body, headers={"Content-Type": kind})
            assert 400 <= answer.status_code < 500, (path, kind, answer.status_code)


ADDRESSES = [
    "/%00", "/pair?code=%00", "/observer/pairings/99999999999999999999999", "/observer/pairings/-1",
    "/at/%00/", "/at/%C3%A9/pair", "/static/../app/__init__.py", "/static/%2e%2e/pyproject.toml",
    "/canvas/callback?state=%00&code=%00", "/lti/login?iss=%00", "//", "/pair/",
]  # fmt: skip


def test_garbage_in_an_address_breaks_no_page(parent: Observer) -> None:
    parent.enters()
    for path in ADDRESSES:
        answer = parent.browser.http.get(PUBLIC_URL + path)
        assert answer.status_code < 500, path
        assert b"create_app" not in answer.content


def test_a_code_number_that_cannot_be_is_no_page(teacher: Teacher) -> None:
    page = teacher.opens_course()

    for number in ("0", "99999999999999999999999", "1.5", "x"):
        assert teacher.forges(page, f"/instructor/codes/{number}/revoke").status_code == 404
    assert rows(Code) == []


def test_very_many_students_in_a_form_choose_only_those_of_the_course(teacher: Teacher) -> None:
    page = teacher.sees_students()
    handle = next(value for form in page.forms for key, value in form.fields if key == "launch")
    ticked = [("students", str(number)) for number in range(90, 900)]

    page = teacher.browser.send(
        page, "/instructor/codes", "post", [("launch", handle), ("whom", "ticked"), *ticked]
    )

    assert page.status_code == 200
    assert len(rows(Code)) == 24


def test_whom_may_be_nonsense(teacher: Teacher) -> None:
    page = teacher.sees_students()

    for nonsense in ("x" * 50, "somebody"):
        assert teacher.forges(page, "/instructor/codes", whom=nonsense).status_code == 422
    assert rows(Code) == []
