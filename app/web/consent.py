"""What a student says about their observers: yes or no before, and the end of it after."""

from flask import abort, render_template, request

from app import db, people, policy
from app.models import LtiLaunch
from app.pairing import approvals, ending, lists
from app.pairing.lists import Watcher
from app.web import canvas, student, visit
from app.web.student import Page, bp


@bp.post("/asked/<row:link_id>/<any(yes, no):answer>")
def say(link_id: int, answer: str) -> Page:
    """Let somebody see a course, or not."""
    launch = visit.acting()
    with db.transaction() as session:
        if answer == "yes":
            said = approvals.say_yes(session, launch.person, link_id, visit.now(), visit.head_start())
        else:
            said = approvals.say_no(session, launch.person, link_id, visit.now())
    if said and answer == "yes":
        canvas.attempt(link_id)
    return student.show_home(launch, done=answer if said else "too_late")


@bp.post("/end")
def end() -> Page:
    """Ask first; then end everything an observer can see, or ask the office to, as the policy says."""
    launch = visit.acting()
    watcher = _asked(launch)
    with db.reading() as session:
        rule = policy.of(session, launch.institution_id)
    way = "end" if rule.students_end else "ask"
    if request.form.get("sure") != way:
        return render_template("student/end.html", launch=launch, watcher=watcher, way=way, rule=rule)
    with db.transaction() as session:
        observer = people.remember(
            session, launch.institution_id, watcher.canvas_id, watcher.name, visit.now()
        )
        if way == "ask":
            ending.ask_office(session, launch.person, observer, visit.now())
            begun = []
        else:
            held, now, delay = watcher.reaches, visit.now(), visit.head_start()
            begun = ending.end_everything(
                session, observer, launch.person, held, now, delay, actor=launch.person
            )
    for link in begun[:1]:  # the worker does the others
        canvas.attempt(link.id)
    return student.show_home(launch, done=way)


def _asked(launch: LtiLaunch) -> Watcher:
    """The observer the form names, if Canvas shows them to this student; else 404."""
    with db.reading() as session:
        ours = lists.links_to(session, launch.person)
    seen = lists.watchers(canvas.service(launch.institution_id), launch.person.canvas_user_id, ours)
    asked = request.form.get("observer", "")
    watcher = next((one for one in seen if one.canvas_id == asked), None)
    if watcher is None:
        abort(404)
    return watcher
