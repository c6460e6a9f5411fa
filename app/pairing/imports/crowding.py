"""How many students of a sheet would get more observers than the policy allows; an import may pass it."""

from sqlalchemy import func, literal, select, union
from sqlalchemy.orm import Session, aliased

from app import policy
from app.models import Import, ImportRow, Link, Person
from app.pairing.imports.verdicts import Verdict
from app.pairing.places import TAKEN

ADDS = (Verdict.NEW, Verdict.MATCHED, Verdict.CONSENT)


def crowded(session: Session, of: Import) -> int:
    """Students with too many, as far as Observatory knows who observes them; Canvas is not asked."""
    most = policy.of(session, of.institution_id).observers_most
    if most is None:
        return 0
    adds = ImportRow.import_id == of.id, ImportRow.verdict.in_(ADDS), ImportRow.student_id.is_not(None)
    student, observer = aliased(Person), aliased(Person)
    there = (
        select(student.canvas_user_id, literal("canvas_id:") + observer.canvas_user_id)
        .join(Link, Link.student_id == student.id)
        .join(observer, observer.id == Link.observer_id)
        .where(
            Link.institution_id == of.institution_id,
            Link.state.in_(TAKEN),
            student.canvas_user_id.in_(select(ImportRow.student_id).where(*adds)),
        )
    )
    both = union(select(ImportRow.student_id, ImportRow.observer_key).where(*adds), there).subquery()
    full = select(both.c[0]).group_by(both.c[0]).having(func.count() > most).subquery()
    return session.scalars(select(func.count()).select_from(full)).one()
