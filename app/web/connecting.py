"""What the office changes about one person: connect, end, use a family's code, make one (/admin/people)."""

from datetime import datetime

from flask import abort, render_template, request

from app import audit, db, people, policy
from app.canvas import courses, observees
from app.canvas.observees import Elsewhere
from app.errors import CanvasFailure, CanvasForbids, ScopeMissing
from app.models import Link, LinkState, LtiLaunch, Role, Way
from app.pairing import adding, approvals, bars, codes, connections, guesses, links, redemption, spelling
from app.pairing.adding import Barred, Pair, Said, Weighed
from app.pairing.codes import ALL_COURSES, Reach
from app.pairing.connections import Connection
from app.pairing.directory import Somebody
from app.pairing.proofs import Claim
from app.pairing.redemption import AlreadyConnected, Redeemed
from app.pairing.rules import Reason, Refused
from app.web import canvas, visit
from app.web.people import Notice, Page, asked, bp, may_act, person_page, search, service, somebody, typed

MOST_SECRET = 255  # characters of a login or password
PROVE = "url:POST|/api/v1/users/:user_id/observees"


@bp.post("/choose")
def choose() -> Page:
    """Whom to connect somebody with: a search, this time for the other one."""
    launch, who = may_act(), somebody(asked("person"))
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
    may_act()
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
    launch, two = may_act(), _pair()
    reach, heard = chosen_reach(two.student), said(two.student)
    with db.transaction() as session:
        outcome = adding.connect(session, launch.person, two, reach, visit.now(), visit.head_start(), heard)
    if outcome == Refused(Reason.ENOUGH_OBSERVERS):
        return _ask(two, heard, 422)
    who, other = _sides(two)
    return person_page(who, told(outcome, other.name))


@bp.post("/end")
def end() -> Page:
    """Ask first, then end one connection."""
    launch, two = may_act(), _pair()
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


@bp.post("/redeem")
def redeem() -> Page:
    """Use a code the family has, in the name of the observer."""
    launch, who = may_act(), somebody(asked("person"))
    guesser = guesses.guesser(visit.keyring(), launch.person, request.remote_addr or "")
    match spelling.read(typed("code")):
        case spelling.Typo():
            return person_page(who, Notice("refused", good=False, reason=Reason.TYPO), 422)
        case spelling.Ours(text):
            heard = canvas.told_before(launch.institution_id, text, service, who.id)
            with db.transaction() as session:
                observer = people.remember(session, launch.institution_id, who.id, who.name, visit.now())
                outcome = redemption.redeem(
                    session, visit.keyring(), observer, text, guesser, visit.now(), visit.head_start(), heard
                )
                adding.note_use(session, launch.person, observer, outcome, visit.now())
        case spelling.Native(text):
            try:
                outcome = redemption.redeem_native(
                    guesser, _claim(who, Way.NATIVE_CODE), text, visit.clock, visit.head_start()
                )
            except CanvasFailure as failure:
                return _failed(who, failure, PROVE)
    if outcome == bars.NEUTRAL:  # which an admin may know
        return person_page(who, Notice("barred", good=False))
    return person_page(who, told(outcome, who.name))


@bp.post("/credentials")
def credentials() -> Page:
    """Connect the student who types their login and password here; neither is kept."""
    launch, who = may_act(), somebody(asked("person"))
    login, password = request.form.get("login", "").strip(), request.form.get("password", "")
    if not login or not password or max(len(login), len(password)) > MOST_SECRET:
        return person_page(who, Notice("both", good=False), 422)
    guesser = guesses.guesser(visit.keyring(), launch.person, request.remote_addr or "")
    try:
        outcome = adding.by_credentials(
            _claim(who, Way.ADMIN), guesser, login, password, visit.clock, visit.head_start()
        )
    except CanvasFailure as failure:
        return _failed(who, failure, PROVE)
    if isinstance(outcome, Elsewhere):
        return person_page(who, Notice("elsewhere", good=False), 422)
    if outcome == Refused(Reason.UNKNOWN):
        return person_page(who, Notice("credentials", good=False), 422)
    return person_page(who, told(outcome, who.name))


def _claim(who: Somebody, way: Way) -> Claim:
    """The observer, in whose name the admin tells Canvas."""
    launch = visit.launch()
    with db.transaction() as session:
        observer = people.remember(session, launch.institution_id, who.id, who.name, visit.now())
    return Claim(service(), who.id, observer, launch.person, way)


@bp.post("/issue")
def issue() -> Page:
    """Make a code for a student, or show the one that is live."""
    launch, who = may_act(), somebody(asked("person"))
    reach = chosen_reach(who)
    with db.transaction() as session:
        student = people.remember(session, launch.institution_id, who.id, who.name, visit.now())
        code = codes.issue(
            session,
            visit.keyring(),
            issuer=launch.person,
            role=Role.ADMIN,
            student=student,
            reach=reach,
            policy=policy.of(session, launch.institution_id),
            now=visit.now(),
        )
        text = codes.text_of(visit.keyring(), code)
    return _code_page(who, text, code.expires_at, reach)


@bp.post("/revoke/<row:code_id>")
def revoke(code_id: int) -> Page:
    """End a code of a student; connections made with it stay."""
    launch, who = may_act(), somebody(asked("person"))
    with db.transaction() as session:
        done = codes.revoke(session, launch, code_id, visit.now())
    return person_page(who, Notice("revoked") if done else Notice("no_code", good=False))


@bp.post("/canvas-code")
def make_in_canvas() -> Page:
    """Make one of Canvas's own codes for a student, for the Canvas Parent app."""
    launch, who = may_act(), somebody(asked("person"))
    try:
        made = observees.make_pairing_code(service(), who.id)
    except CanvasFailure as failure:
        return _failed(who, failure, "url:POST|/api/v1/users/:user_id/observer_pairing_codes")
    with db.transaction() as session:
        student = people.remember(session, launch.institution_id, who.id, who.name, visit.now())
        audit.record(
            session,
            launch.institution_id,
            audit.Event.CODE_MADE_IN_CANVAS,
            visit.now(),
            launch.person_id,
            student=student.id,
        )
    return _code_page(who, made.code, made.expires_at, ALL_COURSES)


def told(outcome: adding.Outcome, name: str) -> Notice:
    """What became of connecting two people, after a first try to tell Canvas."""
    match outcome:
        case Refused(reason, _when):
            return Notice("refused", good=False, name=name, reason=reason)
        case Barred():
            return Notice("barred", good=False, name=name)
        case AlreadyConnected():
            return Notice("already", name=name)
        case Redeemed(link_id):
            canvas.attempt(link_id)
            return state_of(link_id, name)


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
    """The reach that was chosen: all courses, or one the student is in."""
    course_id = request.form.get("course") or None
    if course_id is None:
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


def _failed(who: Somebody, failure: CanvasFailure, scope: str) -> Page:
    """Back on the page of somebody, with what Canvas lacked; nothing else was done."""
    match failure:
        case ScopeMissing():
            return person_page(who, Notice("scope", good=False, name=scope), 422)
        case CanvasForbids():
            return person_page(who, Notice("forbidden", good=False, name=who.name), 422)
        case _:
            raise failure


def _code_page(who: Somebody, text: str, expires_at: datetime, reach: Reach) -> Page:
    return render_template(
        "admin/people_code.html",
        launch=visit.launch(),
        who=who,
        text=text,
        expires_at=expires_at,
        reach=reach,
    )
