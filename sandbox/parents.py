"""Parents who prove a student by the student's own SAML login (Canvas's external_auth_observers)."""

from dataclasses import dataclass

from sandbox.links import link
from sandbox.people import sortable
from sandbox.world import Account, Login, User, World


@dataclass(frozen=True, slots=True)
class Proof:
    """What a parent has typed while the student goes to log in; without an id the parent signs up."""

    student_login: str
    observer_id: int | None = None
    name: str = ""
    email: str = ""
    password: str | None = None


def accept(world: World, root: Account, proof: Proof, asserted: str) -> User | None:
    """The observer, made if need be and linked, when the identity provider names the student typed."""
    student = world.user_by_login(root.id, asserted)
    if student is None or asserted.lower() != proof.student_login.lower():
        return None
    observer = _newcomer(world, root, proof) if proof.observer_id is None else world.users[proof.observer_id]
    if observer.id != student.id:
        link(world, observer, student, root.id)
    return observer


def _newcomer(world: World, root: Account, proof: Proof) -> User:
    return world.add_user(
        User(
            id=world.next_id("user"),
            name=proof.name,
            short_name=proof.name,
            sortable_name=sortable(proof.name),
            created_at=world.clock.now(),
            email=proof.email,
            logins=[Login(root.id, proof.email, proof.password)],
        )
    )
