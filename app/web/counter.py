"""A family stands at the school's counter: an account, a connection and a letter in one go."""

import re
from dataclasses import dataclass

from flask import render_template, request

from app import db, policy
from app import people as known
from app.canvas import courses
from app.canvas.users import Invalid
from app.errors import RETRYABLE, CanvasForbids, CanvasRejects, ScopeMissing
from app.models import LtiLaunch
from app.pairing import bars, counter, directory
from app.pairing.adding import Pair
from app.pairing.counter import DIGITS, Made, Paper, Taken, draw, make_login
from app.pairing.directory import Somebody
from app.web import canvas, guard, visit
from app.web.bars import EMAIL
from app.web.people import Notice, asked, search, service, somebody, typed
from app.web.people_connecting import chosen_reach, connect_them, said, told, weigh

bp = guard.portal("counter", __name__, "/admin/counter")

Page = str | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why it cannot go on yet: a word of counter.html, and what Canvas says of which field."""

    word: str
    fields: dict[str, str] | None = None
    owner: Somebody | None = None


@bp.post("/")
def home() -> Page:
    """Everything on one page, as far as it has been filled in."""
    return _page()


@bp.post("/account")
def account() -> Page:
    """Only an account for an observer, with its letter."""
    made = _observer(None)
    if not isinstance(made, Made):
        return _page(made or Wrong("observer"))
    return _letter(made, None, None)


@bp.post("/finish")
def finish() -> Page:
    """Account, connection, letter. What is done stays done when Canvas fails in the middle."""
    launch, paper = visit.launch(), request.form.get("paper")
    student = somebody(asked("student")) if request.form.get("student") else None
    if student is None:
        return _page(Wrong("student"))
    if paper not in tuple(Paper):
        return _page(Wrong("paper"))
    reach = chosen_reach(student)
    observer, heard = somebody(asked("observer")) if request.form.get("observer") else None, said(student)
    if weigh(observer, student, heard).most is not None and not heard.more:
        return _page(Wrong("enough"))
    made = Made(observer) if observer else _observer(student)
    if not isinstance(made, Made):
        return _page(made or Wrong("observer"))
    pair = Pair(made.observer, student)
    with db.transaction() as session:
        outcome = counter.connect(
            session, launch.person, pair, reach, Paper(paper), visit.now(), visit.head_start(), heard
        )
    outcome = canvas.unless_gone(outcome, lambda: connect_them(launch.person, pair, reach, heard))
    return _letter(made, student, told(outcome, student.name), reach.course_name)


def _observer(student: Somebody | None) -> Made | Wrong | None:
    """The new account that was asked for. None: no name was given."""
    launch = visit.launch()
    name, email, sis_id = typed("name"), typed("email") or None, typed("sis_id") or None
    if not name:
        return None
    if email and not EMAIL.match(email):
        return Wrong("email")
    chosen = typed("new_login") or email
    login = chosen or make_login(name, _drawn())
    if student is not None and _is_barred(launch, student, login, email):
        return Wrong("barred")
    try:
        made = counter.create(service(), name, login, email, sis_id)
    except RETRYABLE:
        return Wrong("away", {"new_login": login})
    except (ScopeMissing, CanvasForbids):
        return Wrong("forbidden")
    except CanvasRejects as no:  # without saying which field it means
        return Wrong("invalid", {"Canvas": no.message})
    match made:
        case Invalid(fields):
            return Wrong("invalid", {one.field.rpartition(".")[2]: one.message for one in fields})
        case Taken(owner):
            return Wrong("taken" if chosen else "again", owner=owner)
        case Made():
            with db.transaction() as session:
                counter.note_account(session, launch.person, made, visit.now())
            return made


def _drawn() -> str:
    """The digits this form came with: sent twice, it asks for the same login, which is taken then."""
    return typed("drawn") if re.fullmatch(rf"[0-9]{{{DIGITS}}}", typed("drawn")) else draw()


def _is_barred(launch: LtiLaunch, student: Somebody, login: str, email: str | None) -> bool:
    """Whether the do-not-pair list speaks against this before there is an account."""
    with db.transaction() as session:
        protected = known.remember(session, launch.institution_id, student.id, student.name, visit.now())
        bar = bars.forbids(session, launch.institution_id, protected, None, bars.as_listed(login, email))
        if bar is not None:
            bars.note(session, bar, None, visit.now(), launch.person_id)
    return bar is not None


def _page(wrong: Wrong | None = None) -> tuple[str, int]:
    student = somebody(asked("student")) if request.form.get("student") else None
    observer = somebody(asked("observer")) if request.form.get("observer") else None
    page = render_template(
        "admin/counter.html",
        launch=visit.launch(),
        student=student,
        observer=observer,
        courses=courses.of_student(service(), student.id) if student else [],
        students=search(typed("student_term")) if typed("student_term") and not student else None,
        observers=search(typed("observer_term")) if typed("observer_term") and not observer else None,
        given={**request.form.to_dict(), **((wrong.fields or {}) if wrong and wrong.word == "away" else {})},
        papers=list(Paper),
        weighed=weigh(observer, student, said(student)) if student else None,
        wrong=wrong,
        drawn=_drawn(),
        shortest=directory.SHORTEST,
    )
    return page, 422 if wrong else 200


def _letter(made: Made, student: Somebody | None, notice: Notice | None, course: str | None = None) -> Page:
    launch = visit.launch()
    with db.reading() as session:
        office = policy.of(session, launch.institution_id).office
    return render_template(
        "admin/counter_letter.html",
        launch=launch,
        institution=launch.institution,
        made=made,
        student=student,
        notice=notice,
        course=course,
        office=office,
        new="name" in request.form and not request.form.get("observer"),
        paper=request.form.get("paper"),
    )
