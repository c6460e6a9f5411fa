"""Everything the pretend Canvas holds, with the indexes that make 100,000 people quick to search.

Whoever reads and then writes holds `world.lock`; nothing here locks by itself.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, cast

from flask import current_app

from sandbox.clock import Clock
from sandbox.records import (
    AccessToken,
    Account,
    Admin,
    Course,
    DeveloperKey,
    Enrollment,
    Login,
    ObservationLink,
    PairingCode,
    RoleOverride,
    Section,
    Settings,
    Tool,
    User,
    derived_uuid,
    global_id,
    opaque_id,
)

__all__ = [
    "AccessToken",
    "Account",
    "Admin",
    "Course",
    "DeveloperKey",
    "Enrollment",
    "Login",
    "ObservationLink",
    "PairingCode",
    "RoleOverride",
    "Section",
    "Settings",
    "Tool",
    "User",
    "derived_uuid",
    "global_id",
    "opaque_id",
    "World",
    "current_world",
]


class World:
    """All records with the indexes that make 100,000 people quick to search."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.clock = Clock()
        self.lock = threading.RLock()
        self.accounts: dict[int, Account] = {}
        self.users: dict[int, User] = {}
        self.courses: dict[int, Course] = {}
        self.sections: dict[int, Section] = {}
        self.enrollments: dict[int, Enrollment] = {}
        self.admins: list[Admin] = []
        self.role_overrides: list[RoleOverride] = []
        self.links: list[ObservationLink] = []
        self.pairing_codes: list[PairingCode] = []
        self.developer_keys: dict[str, DeveloperKey] = {}
        self.tokens: dict[str, AccessToken] = {}
        self.tools: dict[str, Tool] = {}
        # What the browser side remembers (sessions, launches, codes); never part of a world file.
        self.memory: dict[str, Any] = {}
        self._last_id: dict[str, int] = defaultdict(int)
        self._by_user: dict[int, list[Enrollment]] = defaultdict(list)
        self._by_course: dict[int, list[Enrollment]] = defaultdict(list)
        self._sections_by_course: dict[int, list[Section]] = defaultdict(list)
        self._by_login: dict[tuple[int, str], User] = {}
        self._by_sis_id: dict[tuple[int, str], User] = {}
        self._by_lti_id: dict[str, User] = {}
        self._links_by_person: dict[int, list[ObservationLink]] = defaultdict(list)
        self._codes: dict[str, list[PairingCode]] = defaultdict(list)
        self._users_by_name: list[tuple[str, User]] | None = None

    def next_id(self, kind: str) -> int:
        """A fresh id for "user", "enrollment", …"""
        self._last_id[kind] += 1
        return self._last_id[kind]

    def _seen(self, kind: str, used: int) -> None:
        self._last_id[kind] = max(self._last_id[kind], used)

    def add_account(self, account: Account) -> Account:
        """Keep an account."""
        self._seen("account", account.id)
        self.accounts[account.id] = account
        return account

    def add_user(self, user: User) -> User:
        """Keep a user and index their logins."""
        self._seen("user", user.id)
        self.users[user.id] = user
        self._users_by_name = None
        self._by_lti_id[user.lti_id] = user
        self._by_lti_id[user.lti_context_id] = user
        for login in user.logins:
            self.index_login(user, login)
        return user

    def index_login(self, user: User, login: Login) -> None:
        """Make a login of `user` findable; log-in names ignore case, SIS ids do not."""
        self._users_by_name = None
        self._by_login[login.account_id, login.unique_id.lower()] = user
        if login.sis_user_id:
            self._by_sis_id[login.account_id, login.sis_user_id] = user

    def add_course(self, course: Course) -> Course:
        """Keep a course."""
        self._seen("course", course.id)
        self.courses[course.id] = course
        return course

    def add_section(self, section: Section) -> Section:
        """Keep a section of an existing course."""
        self._seen("section", section.id)
        self.sections[section.id] = section
        self._sections_by_course[section.course_id].append(section)
        return section

    def add_enrollment(self, enrollment: Enrollment) -> Enrollment:
        """Keep an enrollment; what follows from it (observers) is `sandbox.enrolling`'s business."""
        self._seen("enrollment", enrollment.id)
        self.enrollments[enrollment.id] = enrollment
        self._by_user[enrollment.user_id].append(enrollment)
        self._by_course[enrollment.course_id].append(enrollment)
        return enrollment

    def add_link(self, link: ObservationLink) -> ObservationLink:
        """Keep a link row; its enrollments are `sandbox.links`'s business."""
        self.links.append(link)
        self._links_by_person[link.observer_id].append(link)
        self._links_by_person[link.student_id].append(link)
        return link

    def add_pairing_code(self, code: PairingCode) -> PairingCode:
        """Keep a pairing code."""
        self._seen("pairing_code", code.id)
        self.pairing_codes.append(code)
        self._codes[code.code].append(code)
        return code

    def add_tool(self, tool: Tool) -> Tool:
        """Keep an installed tool."""
        self._seen("tool", tool.id)
        self.tools[tool.client_id] = tool
        return tool

    def account_chain(self, account_id: int) -> list[Account]:
        """The account, its parent, …, the root account."""
        chain = [self.accounts[account_id]]
        while chain[-1].parent_account_id is not None:
            chain.append(self.accounts[chain[-1].parent_account_id])
        return chain

    def root_account(self, account_id: int) -> Account:
        """The root account above (or equal to) an account."""
        return self.account_chain(account_id)[-1]

    def account_for_host(self, host: str) -> Account:
        """The root account served at a host name (with or without port); an unknown one means the first."""
        name = host.rsplit(":", 1)[0].lower()
        roots = [account for account in self.accounts.values() if account.parent_account_id is None]
        return next((root for root in roots if root.domain in (host, name)), roots[0])

    def course_root(self, course_id: int) -> Account:
        """The root account of a course."""
        return self.root_account(self.courses[course_id].account_id)

    def user_by_login(self, account_id: int, unique_id: str) -> User | None:
        """The person with this log-in name in a root account."""
        return self._by_login.get((account_id, unique_id.lower()))

    def users_by_name(self, term: str = "") -> Iterator[User]:
        """Everybody in the order of sortable names; with a lower-case term those who have it in any text."""
        if self._users_by_name is None:
            ordered = sorted(self.users.values(), key=_by_name)
            self._users_by_name = [(_search_text(user), user) for user in ordered]
        return (user for text, user in self._users_by_name if term in text)

    def user_by_sis_id(self, account_id: int, sis_user_id: str) -> User | None:
        """The person with this SIS id in a root account."""
        return self._by_sis_id.get((account_id, sis_user_id))

    def user_by_lti_id(self, value: str) -> User | None:
        """The person with this `sub` or this 40-hex LTI 1.1 id."""
        return self._by_lti_id.get(value)

    def root_accounts_of(self, user: User) -> set[int]:
        """Ids of the root accounts where a person has a login."""
        return {login.account_id for login in user.logins}

    def login_in(self, user: User, account_id: int) -> Login | None:
        """A person's login in a root account, or in one that it trusts."""
        usable = [account_id, *self.accounts[account_id].trusted_account_ids]
        found = (login for wanted in usable for login in user.logins if login.account_id == wanted)
        return next(found, None)

    def enrollments_of(self, user_id: int) -> list[Enrollment]:
        """All of a person's enrollments, in every state."""
        return self._by_user.get(user_id, [])

    def enrollments_in(self, course_id: int) -> list[Enrollment]:
        """All enrollments of a course, in every state."""
        return self._by_course.get(course_id, [])

    def sections_of(self, course_id: int) -> list[Section]:
        """A course's sections, the default one first."""
        return self._sections_by_course.get(course_id, [])

    def active_links(
        self, *, observer_id: int | None = None, student_id: int | None = None
    ) -> Iterator[ObservationLink]:
        """Active links with this observer and/or this student."""
        person = observer_id if observer_id is not None else student_id
        candidates: Iterable[ObservationLink] = (
            self.links if person is None else self._links_by_person.get(person, [])
        )
        for link in list(candidates):
            matches = observer_id in (None, link.observer_id) and student_id in (None, link.student_id)
            if link.state == "active" and matches:
                yield link

    def link_row(self, observer_id: int, student_id: int, root_account_id: int) -> ObservationLink | None:
        """The one row of a pair in a root account, active or deleted."""
        for link in self._links_by_person.get(observer_id, []):
            if (link.observer_id, link.student_id, link.root_account_id) == (
                observer_id,
                student_id,
                root_account_id,
            ):
                return link
        return None

    def usable_code(self, code: str) -> PairingCode | None:
        """The active, unexpired pairing code that is exactly this text."""
        now = self.clock.now()
        found = (row for row in self._codes.get(code, []) if row.state == "active" and row.expires_at > now)
        return next(found, None)

    def students_of(self, observer_id: int) -> list[User]:
        """The students a person observes through active links, by sortable name, each once."""
        ids = {
            link.student_id
            for link in self.active_links(observer_id=observer_id)
            if link.observer_id == observer_id
        }
        return sorted((self.users[student] for student in ids), key=_by_name)

    def observers_of(self, student_id: int) -> list[User]:
        """The people who observe a student through active links, by sortable name, each once."""
        ids = {link.observer_id for link in self.active_links(student_id=student_id)}
        return sorted((self.users[person] for person in ids), key=_by_name)


def _by_name(user: User) -> tuple[str, int]:
    return user.sortable_name.lower(), user.id


def _search_text(user: User) -> str:
    """Everything a person may be searched by."""
    logins = [text for login in user.logins for text in (login.unique_id, login.sis_user_id or "")]
    return "\n".join([user.name, user.sortable_name, user.email or "", str(user.id), *logins]).lower()


def current_world() -> World:
    """The world of the running app; a reset puts a new one in its place, so ask at every request."""
    return cast(World, current_app.extensions["world"])
