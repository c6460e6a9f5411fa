"""No secret reaches a log, and none stands in the database as it is."""

import io
import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import structlog
from sqlalchemy import text

from app import db, logs
from app.models import Base, Token
from app.pairing import spelling
from tests.journeys.conftest import SECRET
from tests.journeys.rows import change, hurry
from tests.people import ADMIN, PUBLIC_URL, TEACHER, Admin, Observer, Person, School, Student, Teacher
from tests.workers import Runner

pytestmark = pytest.mark.both_databases

KENJI, OMAR, NATIVE = 105, 103, "aB3dE9"
CARRIERS = {"state", "code", "id_token", "launch", "csrf_token", "lti_message_hint", "nonce", "browser"}
PLAIN = {"lti_message_hint", "csrf_token"}  # Canvas's own, or proof for one session only


class Overheard:
    """The secrets that went by: in addresses, forms and cookies, and what Canvas handed out."""

    def __init__(self) -> None:
        self.secrets: set[str] = set()

    def listen(self, person: Person) -> None:
        person.browser.http.event_hooks["request"].append(self._hears)

    def _hears(self, request: httpx.Request) -> None:
        request.read()
        fields = {**parse_qs(urlsplit(str(request.url)).query)}
        if b"multipart" not in request.headers.get("content-type", "").encode():
            fields |= parse_qs(request.content.decode(errors="replace"))
        for name in CARRIERS - PLAIN:
            self.secrets.update(value for value in fields.get(name, []) if len(value) > 5)
        for cookie in re.findall(r"=([^;]{16,})", request.headers.get("cookie", "")):
            self.secrets.add(cookie)


@pytest.fixture
def told() -> Iterator[Callable[[], str]]:
    """Everything logged, as the server and the worker log, at the most talkative level."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.prepare("DEBUG")
    stream = io.StringIO()
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    structlog.configure(cache_logger_on_first_use=False)
    yield stream.getvalue
    root.handlers[:], root.level = before, level
    structlog.reset_defaults()


def walk(school: School, ears: Overheard, run_jobs: Runner) -> None:
    """A day at school, with everything that goes wrong in one."""
    people = [Admin(school, ADMIN), Teacher(school, TEACHER), Student(school, KENJI), Observer(school, 44)]
    for person in people:
        ears.listen(person)
    admin, teacher, student, parent = people
    assert isinstance(teacher, Teacher)
    assert isinstance(student, Student)
    assert isinstance(parent, Observer)
    admin.opens()  # type: ignore[attr-defined]
    made = [*teacher.issues([KENJI, OMAR]), student.issues()]
    wrong = [spelling.make(), made[0][:-1] + "!", "ZZZZZZ"]
    parent.redeems(", ".join([*made[:1], *wrong]))
    school.canvas.fault(method="POST", status=500, count=1)
    parent.redeems(made[1])
    school.canvas.fault(method="PUT", html_error=True, count=1)
    parent.redeems(made[2])
    school.canvas.fault(method="POST", route="/api/v1/users", status=500)
    parent.redeems(NATIVE)
    school.mended()
    for _ in range(2):  # two links of the same two people take turns
        hurry()
        run_jobs()
    student.sees_observers()
    parent.browser.open(f"{PUBLIC_URL}/canvas/callback?state=made-up-state-made-up&code=made-up-code")
    change(Token, expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    parent.portal()
    parent.leaves("Leave Kenji Tanaka")
    parent.press(parent.portal(), "Sign out")
    ears.secrets.update({*made, *(code.replace("-", "") for code in made), *wrong, NATIVE, SECRET})
    ears.secrets.update(row["token"] for row in school.canvas.state()["access_tokens"])
    ears.secrets.update(
        row["refresh_token"] for row in school.canvas.state()["access_tokens"] if row["refresh_token"]
    )


def test_no_secret_is_logged_or_kept_in_clear(
    school: School, run_jobs: Runner, told: Callable[[], str]
) -> None:
    made = {"user_id": KENJI, "code": NATIVE, "expires_at": "2099-01-01T00:00:00Z"}
    school.changes(lambda world: world["pairing_codes"].append(made))
    ears = Overheard()

    walk(school, ears, run_jobs)

    logged = told()
    assert "left to the worker" in logged  # something was said at all
    assert len(ears.secrets) > 30
    assert [secret for secret in ears.secrets if secret in logged] == []
    kept = everything_kept()
    assert [secret for secret in ears.secrets if secret in kept] == []


def test_a_bug_tells_where_it_was_and_not_what_was_typed(
    school: School, told: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks() -> str:
        raise ValueError("K7Q2M-9XWPT")

    monkeypatch.setitem(school.app.view_functions, "discovery.front", breaks)

    page = school.browser().open(f"{PUBLIC_URL}/")

    logged = told()
    reference = page.text.split()[-1]
    assert reference in logged
    assert "ValueError" in logged
    assert "K7Q2M" not in logged


def everything_kept() -> str:
    """Every row of every table of ours and of the job engine, as text."""
    names = [table.name for table in Base.metadata.sorted_tables]
    schema = "" if db.database.engine.dialect.name == "sqlite" else "dbos."
    names += [f"{schema}workflow_status", f"{schema}operation_outputs"]
    with db.reading() as session:
        rows = [row for name in names for row in session.execute(text(f"SELECT * FROM {name}"))]  # noqa: S608
    return "\n".join(str(tuple(row)) for row in rows)
