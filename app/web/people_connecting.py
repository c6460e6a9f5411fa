"""What the office changes about one person by its own word: connect, end (/admin/people)."""

from flask import abort, render_template, request

from app import db, people
from app.canvas import courses
from app.models import Link, LinkState, LtiLaunch
from app.pairing import adding, approvals, bars, connections, links
from app.pairing.adding import Barred, Pair, Said, Weighed
from app.pairing.codes import ALL_COURSES, Reach
from app.pairing.connections import Connection
from app.pairing.directory import Somebody
from app.pairing.redemption import AlreadyConnected, Redeemed
from app.pairing.rules import Reason, Refused
from app.people import Actor
from app.web import canvas, visit
from app.web.people import Notice, Page, asked, bp, person_page, search, service, somebody, typed


@bp.post("/choose")
def choose() -> Page:
    """Whom to connect somebody with: a search, this time for the other one."""
    launch, who = visit.acting(), somebody(asked("person"))
    term, watches = typed("term"), "watches" in request.form
    return render_template(
        "admin/people_choose.html",
        launch=launch,
        who=who,
        watches=watches,
        term=term,
        found=search(term),
    )


@bp.post("/pair")
def pair() -> Page:
    """The two of them, and what the one shall see of the other."""
    visit.acting()
    two = _pair()
    return _ask(two, said(two.student))


def _ask(two: Pair, heard: Said, status: int = 200) -> Page:
    page = render_template(
        "admin/people_pair.html",
        launch=visit.launch(),
        pair=two,
        person=asked("person"),
        courses=courses.of_student(service(), two.student.id),
        weighed=weigh(two.observer, two.student, heard),
        given=request.form,
        refused=status == 422,
    )
    return page, status


@bp.post("/connect")
def connect() -> Page:
    """Connect two people, now if Canvas lets us."""
    launch, two = visit.acting(), _pair()
    reach, heard = chosen_reach(two.student), said(two.student)
    outcome = connect_them(launch.person, two, reach, heard)
    if outcome == Refused(Reason.ENOUGH_OBSERVERS):
        return _ask(two, heard, 422)
    who, other = _sides(two)
    return person_page(who, told(outcome, other.name))


def connect_them(admin: Actor, two: Pair, reach: Reach, heard: Said) -> adding.Outcome:
    """Connect two people by an admin's word, also if what we know of them is over in Canvas."""

    def once() -> adding.Outcome:
        with db.transaction() as session:
            return adding.connect(session, admin, two, reach, visit.clock(), visit.head_start(), heard)

    return canvas.unless_gone(once(), once)


@bp.post("/end")
def end() -> Page:
    """Ask first, then end one connection."""
    launch, two = visit.acting(), _pair()
    who, other = _sides(two)
    course = request.form.get("course") or None
    with db.reading() as session:
        ours = connections.rows(session, launch.institution_id, who.id)
    all_of_them = connections.of(service(), who.id, ours)
    found = next(
        (
            one
            for one in (*all_of_them.observers, *all_of_them.students)
            if (one.observer, one.student, one.reach.course_id) == (two.observer.id, two.student.id, course)
        ),
        None,
    )
    if found is None:
        return person_page(who, Notice("gone", good=False, name=other.name))
    if "sure" not in request.form:
        return render_template("admin/people_end.html", launch=launch, pair=two, person=who.id, one=found)
    return person_page(who, _end(launch, two, found, other.name))


def told(outcome: adding.Outcome, name: str) -> Notice:
    """What became of connecting two people, after a first try to tell Canvas."""
    match outcome:
        case bars.NEUTRAL:  # which an admin may know
            return Notice("barred", good=False, name=name)
        case Refused(reason, _when):
            return Notice("refused", good=False, name=name, reason=reason)
        case Barred():
            return Notice("barred", good=False, name=name)
        case AlreadyConnected(link_id):
            now = state_of(link_id, name)
            return Notice("already", name=name) if now.word == "connected" else now
        case Redeemed(link_id):
            canvas.attempt(link_id)
            return state_of(link_id, name)


def student_of(outcome: adding.Outcome) -> str:
    """The name of the student a code or a password was for."""
    if not isinstance(outcome, Redeemed | AlreadyConnected):
        return ""
    with db.reading() as session:
        return session.get_one(Link, outcome.link_id).student.name


def weigh(observer: Somebody | None, student: Somebody, heard: Said) -> Weighed:
    """What the policy asks about these two; an observer who is yet to get an account is nobody."""
    who, institution_id = observer.id if observer else None, visit.launch().institution_id
    with db.reading() as session:
        return adding.weigh(session, institution_id, who, student.id, heard.watching)


def said(student: Somebody) -> Said:
    """What the admin said about what the policy asks, and what Canvas says about it."""
    return Said(
        more="more" in request.form,
        agreed=request.form.get("yes") == "agreed",
        watching=canvas.watching(visit.launch().institution_id, student.id),
    )


def chosen_reach(student: Somebody) -> Reach:
    """The reach that was chosen: all courses, or one the student is in. No choice is not all."""
    course_id = request.form["course"]
    if not course_id:
        return ALL_COURSES
    return connections.reach_to(service(), student.id, course_id) or abort(404)


def _pair() -> Pair:
    return Pair(somebody(asked("observer")), somebody(asked("student")))


def _sides(two: Pair) -> tuple[Somebody, Somebody]:
    """Whose page it is, and the other one."""
    own = request.form.get("person") == two.observer.id
    return (two.observer, two.student) if own else (two.student, two.observer)


def _end(launch: LtiLaunch, two: Pair, found: Connection, name: str) -> Notice:
    if found.link is not None and found.link.state is LinkState.WAITING:
        with db.transaction() as session:
            done = approvals.call_off(session, launch.person, found.link.id, visit.now())
        return Notice("called_off" if done else "gone", good=done, name=name)
    with db.transaction() as session:
        observer, student = (
            people.remember(session, launch.institution_id, one.id, one.name, visit.now())
            for one in (two.observer, two.student)
        )
        link = links.leave(
            session, observer, student, found.reach, visit.now(), visit.head_start(), launch.person
        )
    canvas.attempt(link.id)
    return state_of(link.id, name)


def state_of(link_id: int, name: str) -> Notice:
    """Where a link stands after the first try."""
    with db.reading() as session:
        link = session.get_one(Link, link_id)
    match link.state:
        case LinkState.ACTIVE:
            return Notice("connected", name=name)
        case LinkState.ENDED:
            return Notice("ended", name=name)
        case LinkState.ENDING if link.reason is None:
            return Notice("ending", name=name)
        case LinkState.WAITING:
            return Notice("asked", name=name)
        case _ if link.reason:
            return Notice("failed", good=False, name=name, reason=link.reason)
        case _:
            return Notice("waiting", name=name)
