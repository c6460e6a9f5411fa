"""Observation links and the observer enrollments they bring along (Canvas's user observation links)."""

from datetime import datetime

from sandbox.world import Account, Enrollment, ObservationLink, User, World

# A student's rows that bring no observer along.
OVER = frozenset({"rejected", "completed", "deleted"})
# An observer's rows that a link or a new enrollment of the student sets going again.
REMADE = frozenset({"deleted", "inactive"})
# States whose end brings an observer back, whatever became of their row.
ENDED = frozenset({"inactive", "completed", "deleted"})


def common_roots(world: World, one: User, other: User) -> set[int]:
    """Root accounts two different people share; nobody shares one with themself."""
    if one.id == other.id:
        return set()
    return world.root_accounts_of(one) & world.root_accounts_of(other)


def link(world: World, observer: User, student: User, root_account_id: int) -> None:
    """Make or revive a link and enroll the observer; an active link is left exactly as it is."""
    row = world.link_row(observer.id, student.id, root_account_id)
    if row is not None and row.state == "active":
        return
    if row is None:
        world.add_link(ObservationLink(observer.id, student.id, root_account_id))
    else:
        row.state = "active"
    enroll_observer(world, observer, student, root_account_id, world.clock.now())


def enroll_observer(world: World, observer: User, student: User, root_account_id: int, now: datetime) -> None:
    """Give a linked observer a row beside each of the student's running enrollments."""
    reach = _reach(world.accounts[root_account_id])
    for enrollment in list(world.enrollments_of(student.id)):
        in_reach = world.course_root(enrollment.course_id).id in reach
        if enrollment.type == "StudentEnrollment" and enrollment.state not in OVER and in_reach:
            _create_or_restore(world, observer, enrollment, now, REMADE)


def unlink(world: World, row: ObservationLink) -> None:
    """End a link; every enrollment of the pair in its accounts goes, however it was made."""
    row.state = "deleted"
    reach = _reach(world.accounts[row.root_account_id])
    for enrollment in world.enrollments_of(row.observer_id):
        observes = enrollment.type == "ObserverEnrollment" and enrollment.associated_user_id == row.student_id
        if observes and world.course_root(enrollment.course_id).id in reach:
            _change(enrollment, "deleted", world.clock.now())


def follow_creation(world: World, enrollment: Enrollment) -> None:
    """Enroll the linked observers of a newly enrolled student."""
    for observer in _linked_observers(world, enrollment):
        _create_or_restore(world, observer, enrollment, world.clock.now(), REMADE)


def follow_change(world: World, enrollment: Enrollment, state_before: str) -> None:
    """Carry a student's change of state or dates over to the linked observers.

    A row removed by hand stays removed, unless the student comes back from inactive, completed or deleted.
    """
    returns = state_before in ENDED and enrollment.state not in ENDED
    now = world.clock.now()
    for observer in _linked_observers(world, enrollment):
        row = _linked_row(world, observer, enrollment)
        if returns:
            _create_or_restore(world, observer, enrollment, now, ENDED)
        elif row is not None and row.state != "deleted":
            _copy(enrollment, row, now)


def _reach(account: Account) -> set[int]:
    """Root accounts a link of this root account covers."""
    return {account.id, *account.trusted_account_ids}


def _linked_observers(world: World, enrollment: Enrollment) -> list[User]:
    """Observers linked to an enrollment's student in its root account or in one that it trusts."""
    if enrollment.type != "StudentEnrollment":
        return []
    reach = _reach(world.course_root(enrollment.course_id))
    links = world.active_links(student_id=enrollment.user_id)
    ids = {row.observer_id for row in links if row.root_account_id in reach}
    return [world.users[observer_id] for observer_id in sorted(ids)]


def _linked_row(world: World, observer: User, enrollment: Enrollment) -> Enrollment | None:
    """The observer's row that belongs to one enrollment of the student."""
    for row in world.enrollments_of(observer.id):
        same_place = row.course_id == enrollment.course_id and row.section_id == enrollment.section_id
        observes = row.type == "ObserverEnrollment" and row.associated_user_id == enrollment.user_id
        if same_place and observes:
            return row
    return None


def _create_or_restore(
    world: World, observer: User, enrollment: Enrollment, now: datetime, restorable: frozenset[str]
) -> None:
    """Give an observer the row that belongs to a student's; without a usable login nothing happens."""
    if world.login_in(observer, world.course_root(enrollment.course_id).id) is None:
        return
    row = _linked_row(world, observer, enrollment)
    if row is None:
        row = world.add_enrollment(
            Enrollment(
                id=world.next_id("enrollment"),
                user_id=observer.id,
                course_id=enrollment.course_id,
                section_id=enrollment.section_id,
                type="ObserverEnrollment",
                created_at=now,
                updated_at=now,
                associated_user_id=enrollment.user_id,
            )
        )
    elif row.state not in restorable:
        return
    _copy(enrollment, row, now)


def _copy(enrollment: Enrollment, row: Enrollment, now: datetime) -> None:
    """Copy state and dates from the student's row; an observer has no invitation to accept."""
    row.start_at, row.end_at = enrollment.start_at, enrollment.end_at
    if row.sis_batch_id is not None:
        row.sis_batch_id = enrollment.sis_batch_id or row.sis_batch_id
    _change(row, "active" if enrollment.state == "invited" else enrollment.state, now)


def _change(row: Enrollment, state: str, now: datetime) -> None:
    """Set a row's state and note when."""
    row.state = state
    row.updated_at = now
