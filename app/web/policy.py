"""What the institution allows: looked at, changed after a second look, and written down."""

from collections.abc import Sequence
from datetime import datetime

from flask import abort, render_template, request

from app import audit, db
from app import policy as policies
from app.models import EndRequest
from app.pairing import ending, lists
from app.pairing.codes import Reach
from app.people import Actor
from app.policy import PRESETS, InForce, Policy
from app.web import canvas, guard, visit
from app.web.policy_form import GROUPS, NAMED, PolicyForm, filled, told

bp = guard.portal("policy", __name__, "/admin/policy")

Page = str | tuple[str, int]
TEXTS = ("office", "agreement")  # too long for the record of events; agreements have a table of their own


@bp.post("/")
def home() -> Page:
    """Every setting as it is, or as it suits a school or a college."""
    now = _in_force()
    preset = request.form.get("preset", "")
    if preset in PRESETS:
        return _page(filled(policies.proposed(now.policy, preset)), done="preset")
    return _page(filled(now.policy))


@bp.post("/edit")
def edit() -> Page:
    """Back from the second look, with everything that was typed."""
    return _page(PolicyForm())


@bp.post("/review")
def review() -> Page:
    """What would change, before it does."""
    form, now = PolicyForm(), _in_force()
    if not form.validate():
        return _page(form, 422)
    names = policies.changes(now.policy, form.policy())
    if not names:
        return _page(form, done="same")
    return _review(form, now, names)


@bp.post("/save")
def save() -> Page:
    """Put it in force, unless somebody else has changed it since."""
    launch = visit.acting()
    form = PolicyForm()
    seen = request.form.get("seen", "")
    if not seen.isdecimal():
        abort(400)
    if not form.validate():
        return _page(form, 422)
    new = form.policy()
    decided = put_in_force(launch.person, new, int(seen), visit.now())
    now = _in_force()
    if decided:
        return _page(filled(now.policy), done="saved")
    return _review(form, now, policies.changes(now.policy, new), 409)


def put_in_force(author: Actor, new: Policy, seen: int, now: datetime) -> bool:
    """Have a policy hold from here on. False: somebody else has changed it since version `seen`."""
    with db.transaction() as session:
        old = policies.in_force(session, author.institution_id).policy
        if not policies.decide(session, author.institution_id, new, seen, author.id, now):
            return False
        facts = {name: _fact(name, old, new) for name in policies.changes(old, new)}
        event = audit.Event.POLICY_CHANGED
        audit.record(session, author.institution_id, event, now, author.id, **facts)
    return True


@bp.post("/requests/<row:request_id>/<any(end, leave):answer>")
def settle(request_id: int, answer: str) -> Page:
    """End what a student asked to have ended, or leave it as it is."""
    launch = visit.acting()
    with db.reading() as session:
        wish = ending.find(session, launch.institution_id, request_id)
    settled = wish is not None and settle_wish(wish, answer == "end", launch.person)
    return _page(filled(_in_force().policy), done=answer if settled else "settled")


def settle_wish(wish: EndRequest, granted: bool, by: Actor) -> bool:
    """End everything the wish is about, or leave it as it is. False: somebody else has settled it."""
    held = _held(wish) if granted else ()
    with db.transaction() as session:
        now = visit.now()
        if not ending.settle(session, wish, granted, by, now):
            return False
        between = (wish.observer, wish.student)
        begun = ending.end_everything(session, *between, held, now, visit.head_start(), by) if granted else []
    for link in begun[:1]:  # the worker does the others
        canvas.attempt(link.id)
    return True


def _held(wish: EndRequest) -> Sequence[Reach]:
    """What Canvas lets the observer see of the student."""
    with db.reading() as session:
        ours = lists.links_to(session, wish.student)
    seen = lists.watchers(canvas.service(wish.institution_id), wish.student.canvas_user_id, ours)
    return next((one.reaches for one in seen if one.canvas_id == wish.observer.canvas_user_id), ())


def _fact(name: str, old: Policy, new: Policy) -> str:
    if name in TEXTS:
        return "changed"
    return " → ".join(_plain(getattr(policy, name)) for policy in (old, new))


def _plain(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _in_force() -> InForce:
    with db.reading() as session:
        return policies.in_force(session, visit.launch().institution_id)


def _page(form: PolicyForm, status: int = 200, done: str | None = None) -> tuple[str, int]:
    with db.reading() as session:
        wishes = ending.requests(session, visit.launch().institution_id)
    page = render_template(
        "admin/policy.html",
        launch=visit.launch(),
        form=form,
        groups=[(words, [form[name] for name in names]) for words, names in GROUPS],
        named=NAMED,
        wishes=wishes,
        done=done,
    )
    return page, status


def _review(form: PolicyForm, now: InForce, names: list[str], status: int = 200) -> tuple[str, int]:
    """Fields are posted again as they were typed."""
    new = form.policy()
    page = render_template(
        "admin/policy_review.html",
        launch=visit.launch(),
        typed=[(name, value) for name in form.data for value in request.form.getlist(name)],
        changes=[(form[name], told(name, now.policy), told(name, new)) for name in names],
        seen=now.version,
        late=status == 409,
    )
    return page, status
