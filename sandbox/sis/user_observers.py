"""Rows of user_observers.csv (`SIS::UserObserverImporter`; "SIS Import Format", user_observers.csv)."""

from sandbox.links import enroll_observer, link, unlink
from sandbox.sis.run import Row, RowProblem, Run
from sandbox.world import User


def import_user_observer(run: Run, row: Row) -> bool:
    """Link or unlink two people; an active row also heals the enrollments of a link that was there."""
    _check_fields(row)
    observer_id, student_id, status = row["observer_id"], row["student_id"], row["status"].lower()
    if run.skips(status):
        return False
    observer = run.world.user_by_sis_id(run.root_id, observer_id)
    student = run.world.user_by_sis_id(run.root_id, student_id)
    if observer is None:
        raise RowProblem(f"An observer referenced a non-existent user {observer_id}")
    if student is None:
        raise RowProblem(f"A student referenced a non-existent user {student_id}")
    if observer.id == student.id:
        raise RowProblem(f"Can't observe yourself user {student_id}")
    if status == "active":
        _link(run, observer, student)
    elif not _unlink(run, observer, student):
        pair = f"observer: {observer_id}, student: {student_id}"
        raise RowProblem(f"Can't delete a non-existent observer for {pair}")
    return True


def _check_fields(row: Row) -> None:
    """What can be said without knowing anybody."""
    observer_id, student_id = row.get("observer_id", ""), row.get("student_id", "")
    if not observer_id:
        raise RowProblem("No observer_id given for a user observer")
    if not student_id:
        raise RowProblem("No user_id given for a user observer")
    if observer_id == student_id:
        raise RowProblem(f"Can't observe yourself user {student_id}")
    if row.get("status", "").lower() not in ("active", "deleted"):
        raise RowProblem(f'Improper status "{row.get("status", "")}" for a user_observer')


def _link(run: Run, observer: User, student: User) -> None:
    found = run.world.link_row(observer.id, student.id, run.root_id)
    before = found.state if found else "non-existent"
    link(run.world, observer, student, run.root_id)
    enroll_observer(run.world, observer, student, run.root_id, run.world.clock.now())
    if run.world.accounts[run.root_id].default_notifications_disabled_for_observers:
        observer.default_notifications_disabled = True
    made = found or run.world.link_row(observer.id, student.id, run.root_id)
    run.changed("UserObserver", made, before, "active")


def _unlink(run: Run, observer: User, student: User) -> bool:
    """End the pair's link; only an active one is found."""
    found = run.world.link_row(observer.id, student.id, run.root_id)
    if found is None or found.state != "active":
        return False
    unlink(run.world, found)
    run.changed("UserObserver", found, "active", "deleted")
    return True
