"""Connections that stand against the do-not-pair list: made in Canvas behind our back, or left when it grew.

Looked for daily, as the last stage of comparing with Canvas. Calls to Canvas for each student of the list:
two, one for each course they study, and one for each observer where an entry goes by addresses.
"""

from app import db, people
from app.canvas import Canvas
from app.models import Person
from app.pairing import bars, connections
from app.pairing.applying import Clock


def look(canvas: Canvas, student_id: int, clock: Clock) -> int:
    """Alert the office of whoever observes a student all the same; how many there are."""
    with db.reading() as session:
        student = session.get_one(Person, student_id)
        entries = bars.against(session, student.institution_id, student.id)
    watching = connections.watching(canvas, student.canvas_user_id) if entries else {}
    with db.reading() as session:
        known = people.known(session, student.institution_id, watching)
    found = {
        who: bar
        for who in watching
        if (bar := bars.match(entries, known.get(who), bars.addresses(canvas, who, entries))) is not None
    }
    with db.transaction() as session:
        for who, bar in found.items():
            observer = people.remember(session, student.institution_id, who, watching[who], clock())
            bars.note_standing(session, bar, observer.id, clock())
    return len(found)
