"""The people of the school, for its office: find somebody, and see all that connects them with others."""

import re
from dataclasses import dataclass
from datetime import timedelta

from flask import abort, render_template, request

from app import db, policy
from app.canvas import Canvas
from app.canvas.oauth import EXTRA_SCOPES, Extra
from app.errors import Failure
from app.pairing import codes, connections, directory
from app.pairing.directory import Found, Somebody
from app.web import canvas, guard, visit
from app.web.forms import CANVAS_ID, TermsForm

bp = guard.portal("people", __name__, "/admin/people")

Page = str | tuple[str, int]
LONGEST = 200  # characters of a search
PATIENCE = timedelta(seconds=20)  # for a page that asks Canvas about each course of somebody


@dataclass(frozen=True, slots=True)
class Notice:
    """What was just done, or why it was not: a word of people_words.html with what belongs to it."""

    word: str
    good: bool = True
    name: str = ""
    reason: str | None = None
    code: str | None = None


@bp.post("/")
def home() -> Page:
    """A field to search in, and what was found."""
    term = typed("term")
    return render_template(
        "admin/people.html",
        launch=visit.launch(),
        term=term,
        found=search(term) if term else None,
        shortest=directory.SHORTEST,
        scopes=EXTRA_SCOPES[Extra.OFFICE],
    )


@bp.post("/person")
def person() -> Page:
    """Somebody with all their connections."""
    return person_page(somebody(asked("person")))


def person_page(
    who: Somebody, notice: Notice | None = None, status: int = 200, form: TermsForm | None = None
) -> Page:
    """The page of one person. What was just done is told even if Canvas does not tell the rest any more."""
    launch = visit.launch()
    with db.reading() as session:
        ours = connections.rows(session, launch.institution_id, who.id)
        live = codes.live(session, launch, visit.now(), who.id)
        rule = policy.of(session, launch.institution_id)
    try:
        everything = connections.of(canvas.service(launch.institution_id).within(PATIENCE), who.id, ours)
    except Failure:
        if notice is None:
            raise
        return render_template("admin/people_told.html", launch=launch, who=who, notice=notice), status
    page = render_template(
        "admin/people_person.html",
        launch=launch,
        who=who,
        all=everything,
        codes=live,
        limit=rule.observers_most,
        form=form or TermsForm(formdata=None),
        purposes=rule.purposes,
        notice=notice,
        may=launch.stand_in is None,
    )
    return page, status


def search(term: str) -> Found | None:
    """People by what was typed; None: too short to search for."""
    if len(term) < directory.SHORTEST:
        return None
    return directory.search(service(), lambda: _met(term), term)


def _met(term: str) -> list[Somebody]:
    with db.reading() as session:
        return directory.known(session, visit.launch().institution_id, term)


def service() -> Canvas:
    """Canvas as the service account, with the time a person is willing to wait."""
    return canvas.service(visit.launch().institution_id).within(visit.settings().redeem_budget)


def typed(name: str) -> str:
    """What a field of text holds, cut to what makes sense."""
    return request.form.get(name, "").replace("\x00", "").strip()[:LONGEST]


def asked(name: str) -> str:
    """The number in Canvas that a hidden field holds."""
    value = request.form.get(name, "")
    if not re.match(CANVAS_ID, value):
        abort(400)
    return value


def somebody(user_id: str) -> Somebody:
    """Somebody Canvas knows, or the page that says that there is nobody."""
    return directory.find(service(), user_id) or abort(404)
