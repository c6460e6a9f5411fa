"""Every route, tried by people of one institution with everything that belongs to another.

Each of the two has a Canvas of its own, and the ids in both are the same: 105 is a student here and there. So
whoever forgets the institution in a query meets the right number and the wrong person.
"""

import copy
import itertools
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import pytest
from flask import Flask
from sqlalchemy import inspect, select
from werkzeug.routing import Rule

from app import db, people
from app.canvas import grants, tokens
from app.canvas.grants import Tokens
from app.errors import SecretUnreadable
from app.lti import platforms
from app.models import Base, Code, Institution, Link, OAuthPurpose, Person
from tests.browser import Browser, Page
from tests.journeys.conftest import KEY, SECRET, TOOL_ID
from tests.people import ADMIN, MATHS, PUBLIC_URL, SERVICE, TEACHER, Admin, Observer, School, Student, Teacher
from tests.sandbox.running import Sandbox, running

pytestmark = pytest.mark.both_databases

KENJI, PARENT = 105, 44
BIRCH_TOOL = "10000000000088"
NATIVE = "aB3dE9"  # a code of Maple's Canvas
UNSPOKEN = {"audit_events", "guesses"}  # what Birch does is written down, and it never names Maple's people


@pytest.fixture(scope="module")
def other_canvas() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


@pytest.fixture
def maple(school: School) -> School:
    """A school with a life: people, codes, links, sign-ins."""

    def give_code(world: dict[str, Any]) -> None:
        row = {"user_id": KENJI, "code": NATIVE, "expires_at": "2035-01-01T00:00:00Z"}
        world["pairing_codes"] = [row]

    school.changes(give_code)
    return School(school.app, school.canvas, TOOL_ID, f"{PUBLIC_URL}/at/maple")


@pytest.fixture
def birch(maple: School, other_canvas: Sandbox, made_up_world: dict[str, Any]) -> School:
    """Another institution on the same server: the same numbers, other people, another Canvas."""
    world = copy.deepcopy(made_up_world)
    world["accounts"][0]["name"] = "Birch Hill College"
    world["lti_tools"][0] |= {"client_id": BIRCH_TOOL, "deployment_id": "7:birch"}
    world["access_tokens"][0] |= {"token": "birch's service token", "refresh_token": "birch renews"}
    for user in world["users"]:
        user["name"] = user["sortable_name"] = user["short_name"] = f"Birch {user['id']}"
    for course in world["courses"]:
        course["name"] = f"Birch course {course['id']}"
    other_canvas.reset()
    other_canvas.use(world)
    found(maple.app, other_canvas)
    return School(maple.app, other_canvas, TOOL_ID, f"{PUBLIC_URL}/at/birch")


def found(app: Flask, canvas: Sandbox) -> None:
    keyring, now = app.extensions["keyring"], datetime.now(UTC)
    with db.transaction() as session:
        complaints = platforms.add(
            session,
            keyring,
            slug="birch",
            name="Birch Hill College",
            canvas_url=canvas.url,
            issuer="https://canvas.instructure.com",
            client_id=BIRCH_TOOL,
            deployment_id="7:birch",
            authorize_url=f"{canvas.url}/api/lti/authorize_redirect",
            token_url=f"{canvas.url}/login/oauth2/token",
            jwks_url=f"{canvas.url}/api/lti/security/jwks",
            now=now,
        )
        institution = session.scalars(select(Institution).where(Institution.slug == "birch")).one()
        grants.keep_key(keyring, institution, KEY, SECRET)
        person = people.remember(session, institution.id, str(SERVICE), "Birch Service", now)
        lent = Tokens(access="birch's service token", refresh="birch renews")
        tokens.store(session, keyring, institution.id, person.id, OAuthPurpose.SERVICE, lent, now)
    assert complaints == []


class Visitor:
    """Somebody of Birch with a page open, and the proof it carries."""

    def __init__(self, words: str, browser: Browser, page: Page) -> None:
        self.words, self.browser, self.page = words, browser, page
        fields = [pair for form in page.forms for pair in form.fields]
        self.proof = {name: value for name, value in fields if name in ("launch", "csrf_token")}
        assert self.proof, f"{page.url} carries no proof"

    def tries(self, method: str, path: str, fields: dict[str, list[str]]) -> Page:
        headers = {"Referer": self.page.url}
        if "launch" in self.proof:
            headers["X-Observatory-Launch"] = self.proof["launch"]
        data = {**fields, **self.proof} if method == "POST" else None
        answer = self.browser.http.request(method, path, data=data, headers=headers, follow_redirects=False)
        return Page(answer)


def visitors(birch: School) -> list[Visitor]:
    admin = Admin(birch, ADMIN)
    teacher = Teacher(birch, TEACHER)
    student = Student(birch, KENJI)
    observer = Observer(birch, PARENT).enters()
    return [
        Visitor("an admin of Birch", admin.browser, admin.opens()),
        Visitor("a teacher of Birch", teacher.browser, teacher.opens_course()),
        Visitor("a student of Birch", student.browser, student.opens()),
        Visitor("an observer of Birch", observer.browser, observer.portal()),
    ]


def a_life(maple: School) -> tuple[list[str], list[str]]:
    """Codes and links of every kind at Maple; the texts of the codes, and the proofs of its people."""
    teacher, student = Teacher(maple, TEACHER), Student(maple, KENJI)
    course_codes = teacher.issues([KENJI, 106])
    code = student.issues()
    observer = Observer(maple, PARENT).enters()
    assert "You are connected" in observer.redeems(code).text
    assert "You are connected" in observer.redeems(course_codes[1]).text
    return [code, *course_codes], [NATIVE]


def belongings(institution_id: int) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of an institution, column by column."""
    kept = {}
    with db.reading() as session:
        for table in Base.metadata.sorted_tables:
            if "institution_id" in table.c and table.name not in UNSPOKEN:
                rows = session.execute(table.select().where(table.c.institution_id == institution_id))
                kept[table.name] = sorted((tuple(map(repr, row)) for row in rows), key=repr)
    return kept


def secrets_of(institution_id: int) -> set[str]:
    """The names of its people and courses, which nobody of another institution may read."""
    with db.reading() as session:
        names = set(session.scalars(select(Person.name).where(Person.institution_id == institution_id)))
        courses = set(session.scalars(select(Code.course_name).where(Code.institution_id == institution_id)))
    return {name for name in names | courses if name and not name.isdigit()}


def row_ids(institution_id: int) -> list[str]:
    """The numbers of all its rows, whatever the table: an address that takes one is tried with each."""
    with db.reading() as session:
        found = {
            str(number)
            for mapper in Base.registry.mappers
            if "institution_id" in mapper.columns and [c.name for c in inspect(mapper).primary_key] == ["id"]
            for number in session.scalars(
                select(mapper.columns.id).where(mapper.columns.institution_id == institution_id)
            )
        }
    return sorted(found, key=int)


def addresses(rule: Rule, ids: Iterable[str]) -> Iterator[str]:
    """The address of a rule, its places filled with every id."""
    places = re.findall(r"<[^>]*>", rule.rule)
    for filling in itertools.product(ids, repeat=len(places)):
        path = rule.rule
        for place, value in zip(places, filling, strict=True):
            path = path.replace(place, value, 1)
        yield path


@pytest.mark.slow  # thousands of requests
def test_no_route_opens_anything_of_another_institution(maple: School, birch: School) -> None:
    codes, native = a_life(maple)
    (ours,) = (row for row in institutions() if row.slug == "maple")
    secrets = secrets_of(ours.id) | set(codes)
    assert len(secrets) >= 6
    ids = row_ids(ours.id)
    before = belongings(ours.id)
    assert before["links"]
    assert before["codes"]
    assert before["tokens"]
    trying = visitors(birch)
    maple.forgets_calls()
    typed = fields_of(birch.app, codes + native, ids)

    tried = 0
    for visitor in trying:
        for method, path in attempts(birch.app, ids):
            page = visitor.tries(method, f"{PUBLIC_URL}{path}", typed)
            tried += 1
            where = f"{visitor.words}, {method} {path}"
            assert page.status_code < 500, f"{where}: {page.text}"
            leaked = [name for name in secrets if name in page.response.text]
            assert not leaked or echoes(page, leaked, codes), f"{where} shows {leaked}"

    assert tried > 100
    assert belongings(ours.id) == before
    assert [row for row in maple.canvas.log() if row["path"].startswith("/api/")] == []


def attempts(app: Flask, ids: list[str]) -> Iterator[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint in ("static", "connect.logout"):  # it would end the visit that tries
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "DELETE"}):
            for path in addresses(rule, ids):
                yield method, path


def fields_of(app: Flask, codes: list[str], ids: list[str]) -> dict[str, list[str]]:
    """Every field name the pages use, filled with what is Maple's."""
    names = set()
    for template in sorted((app.jinja_env.loader or pytest.fail("no templates")).list_templates()):
        source = app.jinja_env.loader.get_source(app.jinja_env, template)[0]
        names |= set(re.findall(r'name="([a-z_]+)"', source))
    names -= {"launch", "csrf_token", "viewport"}
    assert {"code", "student", "course"} <= names
    numbers = [str(KENJI), *ids]
    return {name: codes if name == "code" else numbers for name in sorted(names)}


def echoes(page: Page, leaked: list[str], codes: list[str]) -> bool:
    """Whether it is only what the visitor typed themself, shown back in its field."""
    return set(leaked) <= set(codes) and page.status_code in (200, 422)


def institutions() -> list[Institution]:
    with db.reading() as session:
        return list(session.scalars(select(Institution)))


def test_a_code_of_maple_connects_nobody_at_birch(maple: School, birch: School) -> None:
    codes, _ = a_life(maple)
    observer = Observer(birch, PARENT).enters()

    pages = [observer.redeems(code) for code in codes]

    assert all("This code is from another school." in page.text for page in pages)
    with db.reading() as session:
        assert {link.institution_id for link in session.scalars(select(Link))} == {1}
    assert birch.links() == set() or (PARENT, KENJI) not in birch.links()


def test_the_keys_of_one_institution_sign_nothing_for_the_other(maple: School, birch: School) -> None:
    """A launch signed by Birch's Canvas is not one of Maple's, though the ids in it are the same."""
    token = dict(answer_of(Teacher(birch, TEACHER)).forms[0].fields)["id_token"]
    teacher = Teacher(maple, TEACHER)
    answer = answer_of(teacher)
    (form,) = answer.forms

    page = teacher.browser.send(
        answer,
        form.action,
        "post",
        [(name, token if name == "id_token" else value) for name, value in form.fields],
    )

    assert 400 <= page.status_code < 500
    assert "Birch" not in page.text


def answer_of(teacher: Teacher) -> Page:
    """Canvas's answer to our login, on its way to our launch."""
    canvas = teacher.school.canvas.url
    frame = teacher.browser.open(f"{canvas}/courses/{MATHS}/external_tools/{TOOL_ID}")
    return teacher.browser.pass_on(teacher.browser.open(urljoin(frame.url, frame.frames[0])))


def test_each_has_sealed_secrets_that_open_nowhere_else(maple: School, birch: School) -> None:
    """A row copied from one institution to the other does not open there."""
    keyring = maple.app.extensions["keyring"]
    with db.transaction() as session:
        first, second = (session.scalars(select(Institution).order_by(Institution.id))).all()
        second.oauth_client_secret = first.oauth_client_secret
        session.flush()
        with pytest.raises(SecretUnreadable):
            grants.client_secret(keyring, second)
