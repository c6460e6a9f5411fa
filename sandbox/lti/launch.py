"""One launch: who opens which tool from where."""

from dataclasses import dataclass

from sandbox.lti.configurations import Configuration, Placement
from sandbox.lti.roles import Context
from sandbox.records import opaque_id
from sandbox.world import Account, Course, Login, Tool, User, World

UNCHOSEN_ZONE = "Etc/UTC"


@dataclass(frozen=True, slots=True)
class Launch:
    """Everything the claims of a launch are made from; `base_url` is Canvas's own, without a slash.

    `user` is None for a visitor of a public course who is not logged in; `placement` is None where Names
    and Roles tells what a launch would say; `student` is whose card was open.
    """

    world: World
    tool: Tool
    configuration: Configuration
    placement: Placement | None
    context: Context
    root: Account
    user: User | None
    base_url: str
    target_link_uri: str
    real_user: User | None = None
    student: User | None = None

    @property
    def course(self) -> Course | None:
        """The course, if the launch comes from one."""
        return self.context if isinstance(self.context, Course) else None

    @property
    def account(self) -> Account:
        """The course's account, the account itself, or the root account."""
        match self.context:
            case Course(account_id=account_id):
                return self.world.accounts[account_id]
            case Account() as account:
                return account
            case _:
                return self.root

    @property
    def login(self) -> Login | None:
        """The login that the person uses at this root account."""
        return self.world.login_in(self.user, self.root.id) if self.user else None

    @property
    def host(self) -> str:
        """Canvas's host with its port."""
        return self.base_url.partition("://")[2]

    @property
    def locale(self) -> str:
        """The language that Canvas speaks with the person."""
        return (self.user.locale if self.user else None) or self.root.default_locale or "en"

    @property
    def time_zone(self) -> str | None:
        """The person's zone, else the school's; one that has never chosen (Etc/UTC) has none to tell."""
        usual = self.root.default_time_zone
        return (self.user.time_zone if self.user else None) or (usual if usual != UNCHOSEN_ZONE else None)

    @property
    def guid(self) -> str:
        """The `tool_platform.guid` of the root account."""
        return f"{opaque_id('guid', self.root.id)}:canvas-lms"

    @property
    def observees(self) -> list[User]:
        """The students whom the person observes in the course, each once."""
        if self.course is None or self.user is None:
            return []
        ids = {
            row.associated_user_id
            for row in self.world.enrollments_of(self.user.id)
            if row.course_id == self.course.id and row.type == "ObserverEnrollment" and row.state == "active"
        }
        return [self.world.users[id] for id in sorted(id for id in ids if id is not None)]


def given_and_family(user: User) -> tuple[str, str]:
    """A person's names, taken from the sortable name as Canvas does."""
    family, comma, given = user.sortable_name.partition(",")
    return (given.strip(), family.strip()) if comma else (family.strip(), "")
