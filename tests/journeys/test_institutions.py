"""One server, two institutions: nothing of the one opens anything of the other."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from app import db, people
from app.canvas import grants, tokens
from app.canvas.grants import Tokens
from app.canvas.oauth import SERVICE_SCOPES
from app.lti import platforms
from app.models import Code, Guesses, Institution, Link, OAuthPurpose
from app.pairing import spelling
from app.web import qr
from tests.journeys.conftest import KEY, SECRET
from tests.journeys.rows import rows, uses
from tests.people import PUBLIC_URL, SERVICE, TEACHER, Observer, School, Student, Teacher, field

pytestmark = pytest.mark.both_databases

KENJI = 105
TOOL, TOOL_ID = "10000000000003", 8
LENT = Tokens(access="another service token", refresh="what renews the other one")


@pytest.fixture
def birch(school: School) -> School:
    """A second institution on the same server; the same Canvas serves it, as trusted schools do."""

    def second(world: dict[str, Any]) -> None:
        tool = copy.deepcopy(world["lti_tools"][0])
        world["lti_tools"].append({**tool, "id": TOOL_ID, "client_id": TOOL, "deployment_id": "8:birch"})
        row = {"token": LENT.access, "refresh_token": LENT.refresh, "user_id": SERVICE, "client_id": KEY}
        world["access_tokens"].append({**row, "scopes": list(SERVICE_SCOPES)})

    school.changes(second)
    keyring, now, canvas = school.app.extensions["keyring"], datetime.now(UTC), school.canvas.url
    with db.transaction() as session:
        complaints = platforms.add(
            session,
            keyring,
            slug="birch",
            name="Birch Hill College",
            host="birch.test",
            canvas_url=canvas,
            issuer="https://canvas.instructure.com",
            client_id=TOOL,
            deployment_id="8:birch",
            authorize_url=f"{canvas}/api/lti/authorize_redirect",
            token_url=f"{canvas}/login/oauth2/token",
            jwks_url=f"{canvas}/api/lti/security/jwks",
            now=now,
        )
        institution = session.scalars(select(Institution).where(Institution.slug == "birch")).one()
        grants.keep_key(keyring, institution, KEY, SECRET)
        person = people.remember(session, institution.id, str(SERVICE), "Birch Service", now)
        tokens.store(session, keyring, institution.id, person.id, OAuthPurpose.SERVICE, LENT, now)
    assert complaints == []
    return School(school.app, school.canvas, TOOL_ID, f"{PUBLIC_URL}/at/birch")


@pytest.fixture
def maple(school: School, birch: School) -> School:
    return School(school.app, school.canvas, school.tool_id, f"{PUBLIC_URL}/at/maple")


@pytest.fixture
def observer(maple: School) -> Observer:
    return Observer(maple, 44).enters()


def test_a_code_of_another_institution_says_so_and_is_not_spent(birch: School, observer: Observer) -> None:
    code = Student(birch, KENJI).issues()

    page = observer.redeems(code)

    assert page.status_code == 422
    assert "This code is from another school." in page.text
    assert "Open the web address that is printed on your letter. Your code is not used up." in page.text
    assert field(page) == code
    assert uses() == [0]
    assert rows(Link) == []
    assert [row.misses for row in rows(Guesses)] == [0]


def test_each_institution_has_its_own_pages(birch: School, maple: School) -> None:
    browser = birch.browser()

    assert "Welcome to Birch Hill College" in browser.open(f"{birch.base}/").text
    assert "Welcome to Maple Grove Schools" in browser.open(f"{maple.base}/").text
    assert ("Use my code", "/at/birch/pair") in browser.open(f"{birch.base}/").links


def test_who_somebody_is_at_one_is_not_taken_for_the_other(birch: School, maple: School) -> None:
    browser = birch.browser()
    browser.open(f"{maple.base}/?who=school")

    assert "Students and staff: log in" in browser.open(f"{maple.base}/").text
    assert "Welcome to Birch Hill College" in browser.open(f"{birch.base}/").text


def test_a_host_name_is_enough(birch: School) -> None:
    app = birch.app.test_client()

    page = app.get("/", base_url="https://birch.test")

    assert "Welcome to Birch Hill College" in page.text


def test_an_address_that_names_no_institution_says_where_to_find_it(birch: School) -> None:
    for path in ("/", "/pair", "/at/oak/", "/at/oak/pair"):
        page = birch.browser().open(PUBLIC_URL + path)

        assert page.status_code == 404, path
        assert "Please open the whole address that is printed on your letter" in page.text


def test_what_is_printed_opens_the_page_of_its_own_institution(maple: School, birch: School) -> None:
    for school, address in ((maple, f"{PUBLIC_URL}/at/maple/pair"), (birch, "https://birch.test/pair")):
        student = Student(school, KENJI)
        code = student.issues()
        page = student.opens()
        teacher = Teacher(school, TEACHER)
        slips = teacher.press(
            teacher.sees_students(), "Make codes for the ticked students", ticked=[KENJI]
        ).text

        assert f"They use it at {address} or with the QR code." in page.text
        assert str(qr.svg(f"{address}#{code}")) in page.response.text
        assert f"Type it at {address}" in slips


def test_a_page_of_an_own_host_leads_to_where_a_sign_in_can_end(birch: School) -> None:
    answer = birch.app.test_client().get("/pair?x=1", base_url="https://birch.test")

    assert answer.status_code == 302
    assert answer.location == f"{PUBLIC_URL}/at/birch/pair?x=1"


def test_an_old_letter_leads_to_a_choice_of_schools(birch: School) -> None:
    browser = birch.browser()
    page = browser.open(f"{PUBLIC_URL}/pair")
    assert ("Birch Hill College", "https://birch.test/pair") in page.links

    page = browser.follow(page, "Maple Grove Schools")

    assert page.url == f"{PUBLIC_URL}/at/maple/pair"
    assert page.has_button("Sign in with Canvas and go on")


def test_an_address_that_can_name_no_institution_is_no_page(birch: School) -> None:
    for path in ("/at/", "/at", "/at//", "/at/a b/"):
        page = birch.browser().open(PUBLIC_URL + path)

        assert page.status_code == 404, path
        assert "This page does not exist" in page.text


def test_the_same_person_pairs_at_both(maple: School, birch: School, observer: Observer) -> None:
    assert "You are connected" in observer.redeems(Student(maple, KENJI).issues()).text
    code = Student(birch, KENJI).issues()
    elsewhere = Observer(birch, 44)

    page = elsewhere.redeems(code)

    assert "You were connected already, so your code is not used up." in page.text  # it is one Canvas
    assert "Birch Hill College" in page.text
    assert {link.institution_id for link in rows(Link)} == {1, 2}


def test_a_sign_in_at_one_is_none_at_the_other(birch: School, observer: Observer) -> None:
    page = observer.browser.open(f"{birch.base}/pair")

    assert page.has_button("Sign in with Canvas and go on")
    assert observer.browser.open(f"{birch.base}/observer/").url == f"{birch.base}/pair"
    assert "Maple Grove Schools" in observer.portal().text


def test_a_pairing_of_one_is_not_shown_at_the_other(maple: School, birch: School, observer: Observer) -> None:
    page = observer.redeems(Student(maple, KENJI).issues())
    number = page.url.rpartition("/")[2]
    other = Observer(birch, 44).enters()

    assert other.browser.open(f"{birch.base}/observer/pairings/{number}").status_code == 404


def test_signing_in_and_out_leads_back_to_ones_own_institution(birch: School) -> None:
    parent = Observer(birch, 44)
    page = parent.browser.open(f"{birch.base}/pair")
    consent = parent.press(page, "Sign in with Canvas and go on", code="K7Q2M-9XWPT")
    refused = parent.follow(consent, "Cancel")
    page = parent.signs_in(parent.press(refused, "Try again"))
    assert "Birch Hill College" in page.text
    assert field(page) == "K7Q2M-9XWPT"

    bye = parent.press(parent.browser.open(f"{PUBLIC_URL}/observer/"), "Sign out")

    assert "You are signed out" in bye.text
    assert "Welcome to Birch Hill College" in bye.text


def test_a_launch_at_one_touches_nothing_of_the_other(maple: School, birch: School) -> None:
    code = Teacher(maple, TEACHER).issues([KENJI])[0]
    (row,) = rows(Code)
    other = Teacher(birch, TEACHER)

    page = other.sees_students()

    assert code not in page.text
    assert other.forges(page, f"/instructor/codes/{row.id}/revoke").status_code == 404
    assert other.issues([KENJI]) != [code]
    assert rows(Code)[0].revoked_at is None


def test_a_student_keeps_a_code_for_each(maple: School, birch: School) -> None:
    assert Student(maple, KENJI).issues() != Student(birch, KENJI).issues()


def test_guesses_at_one_make_nobody_wait_at_the_other(birch: School, observer: Observer) -> None:
    for _ in range(7):
        page = observer.redeems(spelling.make())
    assert "too many wrong codes" in page.text

    elsewhere = Observer(birch, 44)

    assert "We do not know this code." in elsewhere.redeems(spelling.make()).text
