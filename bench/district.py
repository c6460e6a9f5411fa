"""`python -m bench.district`: pages and commands for a district of 100,000 students, beside a school of 50.

Canvas is the same small sandbox for both, so that what differs is ours.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import text

from app import create_app, db
from app.canvas.oauth import COVERAGE_SCOPES, EXTRA_SCOPES
from bench import databases, rows
from bench.databases import Database
from bench.memory import forget, peak
from bench.rows import DISTRICT, FIRST_STUDENT, SCHOOL, Size
from bench.serving import environment
from tests.conftest import settings_for
from tests.journeys.conftest import lend_service_account, register, with_our_key
from tests.people import ADMIN, MATHS, PUBLIC_URL, TEACHER, Admin, Page, Person, School, Student, Teacher
from tests.sandbox.running import Sandbox, running

TIMES = 5  # each page; the fastest counts


@dataclass
class Figures:
    """What was measured of one school: seconds, or megabytes, by name."""

    seconds: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


def main() -> None:
    """Measure both sizes on each database, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    chosen = parser.parse_args()
    for kind in chosen.database or ["sqlite", "postgresql"]:
        small, large = (_measure(kind, size) for size in (SCHOOL, DISTRICT))
        print(f"\n{kind}, {os.cpu_count()} cores, seconds\n\n| what | school | district | ratio | |")
        print("|---|---:|---:|---:|---|")
        for what, seconds in large.seconds.items():
            first = small.seconds[what]
            note = large.notes.get(what, "")
            print(f"| {what} | {first:.3f} | {seconds:.3f} | {seconds / first:.1f} | {note} |", flush=True)


def _measure(kind: str, size: Size) -> Figures:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench")))
        database = stack.enter_context(databases.fresh(kind, folder))
        canvas = stack.enter_context(running())
        canvas.use(allow_everything(with_our_key(canvas.state())))
        app = create_app(settings_for(database.url))
        stack.enter_context(app.app_context())
        figures = Figures()
        school = _fill(app, canvas, size, figures)
        _pages(school, size.students, figures)
        _files(school, figures)
        db.database.engine.dispose()
        _commands(database, folder, figures)
        return figures


def allow_everything(world: dict[str, Any]) -> dict[str, Any]:
    """The same world, where the service account has every scope we ever ask for."""
    for row in (world["developer_keys"][0], world["access_tokens"][0]):
        row["scopes"] = [
            *row["scopes"],
            *COVERAGE_SCOPES,
            *(one for more in EXTRA_SCOPES.values() for one in more),
        ]
    return world


def _fill(app: Flask, canvas: Sandbox, size: Size, figures: Figures) -> School:
    school = register(app, canvas)
    lend_service_account(school)
    with figures_of(figures, "filling"):
        rows.fill(app.extensions["keyring"], school.institution_id, size)
        run = rows.meet(school.institution_id, "The School", size)
    with figures_of(figures, "adding up a census"):
        rows.add_up(run)
    db.learn_sizes()
    if db.database.engine.dialect.name == "postgresql":  # as it does by itself before long
        with db.transaction() as session:
            session.execute(text("ANALYZE"))
    return school


@contextmanager
def figures_of(figures: Figures, what: str) -> Iterator[None]:
    """Time what is done inside."""
    begun = time.perf_counter()
    yield
    figures.seconds[what] = time.perf_counter() - begun
    print(
        f"  {what}: {figures.seconds[what]:.3f} s {figures.notes.get(what, '')}", file=sys.stderr, flush=True
    )


def _pages(school: School, students: int, figures: Figures) -> None:
    admin, teacher, student = Admin(school, ADMIN), Teacher(school, TEACHER), Student(school, FIRST_STUDENT)
    for what, somebody, place in (
        ("launch: admin", admin, "/accounts/1"),
        ("launch: teacher", teacher, f"/courses/{MATHS}"),
        ("launch: student", student, f"/users/{FIRST_STUDENT}"),
    ):
        _page(figures, what, lambda somebody=somebody, place=place: somebody.launches(place).response)
    _page(figures, "metrics", lambda: admin.browser.http.get(f"{PUBLIC_URL}/metrics"))
    _posts(figures, teacher, teacher.opens_course(), {"teacher: the students": ("/instructor/students", {})})
    _posts(figures, student, student.opens(), {"student: who sees me": ("/student/observers", {})})
    _posts(figures, admin, admin.opens(), _of_admins(students))


def _of_admins(students: int) -> dict[str, tuple[str, dict[str, str]]]:
    day = lambda ago: f"{datetime.now(UTC) - timedelta(days=ago):%Y-%m-%d}"  # noqa: E731
    one = str(FIRST_STUDENT)
    audit = "/admin/audit/"
    return {
        "coverage: all": ("/admin/coverage/", {}),
        "coverage: an account": ("/admin/coverage/", {"account": "2"}),
        "coverage: a course": (f"/admin/coverage/courses/{MATHS}", {}),
        "coverage: sheet of nobody yet": ("/admin/coverage/sheet", {}),
        "people: by name": ("/admin/people/", {"term": "Novak"}),
        "people: by login": ("/admin/people/", {"term": "lucas.student"}),
        "people: by SIS id": ("/admin/people/", {"term": "S000101"}),
        "people: by e-mail": ("/admin/people/", {"term": "lucas.student@maplegrove.example"}),
        "people: one": ("/admin/people/person", {"person": one}),
        "differences": ("/admin/drift/", {}),
        "do not pair": ("/admin/do-not-pair/", {}),
        "policy": ("/admin/policy/", {}),
        "audit: newest": (audit, {}),
        "audit: a person by number": (audit, {"person": one}),
        "audit: a person by name": (audit, {"person": rows.name(students - 1)}),
        "audit: a busy teacher": (audit, {"person": str(FIRST_STUDENT + students - 1)}),
        "audit: nobody by name": (audit, {"person": "Nobody"}),
        "audit: a rare kind": (audit, {"kind": "settings"}),
        "audit: a frequent kind": (audit, {"kind": "visits"}),
        "audit: a course": (audit, {"course": one}),
        "audit: one old day": (audit, {"since": day(500), "until": day(500)}),
        "audit: an old half-year": (audit, {"since": day(680), "until": day(500)}),
        "audit: a person, an old day": (audit, {"person": one, "since": day(500), "until": day(500)}),
        "audit: a kind, an old day": (audit, {"kind": "codes", "since": day(500), "until": day(500)}),
        "audit: deep": (audit, {"before": "250"}),
        "audit: proved": ("/admin/audit/check", {}),
        "audit: who saw a student": ("/admin/audit/student", {"student": one}),
    }


def _posts(figures: Figures, who: Person, page: Page, posts: dict[str, tuple[str, dict[str, str]]]) -> None:
    proof = dict(pair for form in page.forms for pair in form.fields if pair[0] in ("launch", "csrf_token"))
    told = {"Referer": PUBLIC_URL + "/"}
    for what, (path, typed) in posts.items():
        url = PUBLIC_URL + path
        _page(
            figures,
            what,
            lambda url=url, typed=typed: who.browser.http.post(url, data=proof | typed, headers=told),
        )


def _page(figures: Figures, what: str, ask: Callable[[], "object"]) -> None:
    taken = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        answer = ask()
        taken.append(time.perf_counter() - begun)
        assert answer.status_code == 200, f"{what}: {answer.text[:2000]}"
    figures.seconds[what] = min(taken)  # what else the machine does spoils it least
    figures.notes[what] = f"{len(answer.content) / 1024:.0f} kB"
    print(f"  {what}: {figures.seconds[what]:.3f} s {figures.notes[what]}", file=sys.stderr, flush=True)


def _files(school: School, figures: Figures) -> None:
    """The audit events as a file, as a browser saves it: a piece at a time."""
    admin = Admin(school, ADMIN)
    page = admin.opens()
    proof = dict(pair for form in page.forms for pair in form.fields if pair[0] in ("launch", "csrf_token"))
    url, told = f"{PUBLIC_URL}/admin/audit/events.csv", {"Referer": PUBLIC_URL + "/"}
    forget()
    before = peak()
    with (
        figures_of(figures, "audit: all as CSV"),
        admin.browser.http.stream("POST", url, data=proof, headers=told) as answer,
    ):
        size = sum(len(piece) for piece in answer.iter_bytes())
        figures.notes["audit: all as CSV"] = f"{size / 2**20:.0f} MB; memory +{peak() - before:.0f} MB"


def _commands(database: Database, folder: Path, figures: Figures) -> None:
    for what, words in (
        ("observatory audit verify", ["audit", "verify"]),
        ("observatory purge, told only", ["purge"]),
        ("observatory export", ["export", "--institution", "maple", str(folder / "kept.zip")]),
        (
            "observatory export of a person",
            ["export", "--institution", "maple", "--person", "101", str(folder / "p.zip")],
        ),
    ):
        with figures_of(figures, what), (folder / "said").open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "app", *words], env=environment(database), stdout=said, stderr=said
            )
            _pid, status, used = os.wait4(process.pid, 0)
            figures.notes[what] = f"{used.ru_maxrss / 1024:.0f} MB"
        assert status == 0, (folder / "said").read_text()


if __name__ == "__main__":
    main()
