"""Everything the pretend Canvas holds, with the indexes that make 100,000 people quick to search.

Whoever reads and then writes holds `world.lock`; nothing here locks by itself.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, cast

from flask import current_app

from sandbox.apps import ContextControl, Registration, Tool
from sandbox.clock import Clock
from sandbox.mail import Conversation
from sandbox.records import (
    AccessToken,
    Account,
    Admin,
    AuthenticationProvider,
    Course,
    DeveloperKey,
    Enrollment,
    Login,
    ObservationLink,
    PairingCode,
    Role,
    RoleOverride,
    Section,
    Settings,
    Term,
    User,
    derived_uuid,
    global_id,
    opaque_id,
)
from sandbox.sis.batch import SisBatch

__all__ = [
    "AccessToken",
    "Account",
    "Admin",
    "AuthenticationProvider",
    "ContextControl",
    "Course",
    "DeveloperKey",
    "Enrollment",
    "Login",
    "ObservationLink",
    "PairingCode",
    "Registration",
    "Role",
    "RoleOverride",
    "Section",
    "Settings",
    "Term",
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
        self.roles: dict[int, Role] = {}
        self.role_overrides: list[RoleOverride] = []
        self.terms: dict[int, Term] = {}
        self.links: list[ObservationLink] = []
        self.pairing_codes: list[PairingCode] = []
        self.conversations: dict[int, Conversation] = {}
        self.developer_keys: dict[str, DeveloperKey] = {}
        self.tokens: dict[str, AccessToken] = {}
        self.registrations: dict[str, Registration] = {}
        self.tools: dict[int, Tool] = {}
        self.sis_batches: dict[int, SisBatch] = {}
        # What the browser side remembers (sessions, launches, codes); never part of a world file.
        self.memory: dict[str, Any] = {}
        # Roles 1 to 8 are Canvas's own.
        self._last_id: dict[str, int] = defaultdict(int, role=8)
        self._by_user: dict[int, list[Enrollment]] = defaultdict(list)
        self._by_course: dict[int, list[Enrollment]] = defaultdict(list)
        self._sections_by_course: dict[int, list[Section]] = defaultdict(list)
        self._by_login: dict[tuple[int, str], User] = {}
        self._by_sis_id: dict[tuple[int, str], tuple[User, Login]] = {}
        self._by_integration_id: dict[tuple[int, str], tuple[User, Login]] = {}
        self._courses_by_sis_id: dict[tuple[int, str], Course] = {}
        self._sections_by_sis_id: dict[tuple[int, str], Section] = {}
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
        """Keep an account; a root account without any provider gets Canvas's own."""
        self._seen("account", account.id)
        for provider in account.authentication_providers:
            self._seen("authentication_provider", provider.id)
        if account.parent_account_id is None and not account.authentication_providers:
            canvas = AuthenticationProvider(self.next_id("authentication_provider"), "canvas", 1)
            account.authentication_providers.append(canvas)
        self.accounts[account.id] = account
        return account

    def add_role(self, role: Role) -> Role:
        """Keep a custom role."""
        self._seen("role", role.id)
        self.roles[role.id] = role
        return role

    def add_term(self, term: Term) -> Term:
        """Keep a term."""
        self._seen("term", term.id)
        self.terms[term.id] = term
        return term

    def term_of(self, course: Course) -> Term | None:
        """A course's term; without one of its own the root account's default."""
        if course.term_id is not None:
            return self.terms[course.term_id]
        return next(iter(self.terms_of(self.root_account(course.account_id).id)), None)

    def terms_of(self, root_account_id: int) -> list[Term]:
        """A root account's terms, its default first."""
        return [term for term in self.terms.values() if term.root_account_id == root_account_id]

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
        if login.workflow_state != "deleted":
            self._by_login[login.account_id, login.unique_id.lower()] = user
        if login.sis_user_id:
            self._by_sis_id[login.account_id, login.sis_user_id] = user, login
        if login.integration_id:
            self._by_integration_id[login.account_id, login.integration_id] = user, login

    def add_course(self, course: Course) -> Course:
        """Keep a course."""
        self._seen("course", course.id)
        self.courses[course.id] = course
        self.index_course(course)
        return course

    def index_course(self, course: Course) -> None:
        """Make a course findable by its SIS id; call it again when that changes."""
        if course.sis_course_id:
            self._courses_by_sis_id[self.root_account(course.account_id).id, course.sis_course_id] = course

    def add_section(self, section: Section) -> Section:
        """Keep a section of an existing course."""
        self._seen("section", section.id)
        self.sections[section.id] = section
        self._sections_by_course[section.course_id].append(section)
        self.index_section(section)
        return section

    def index_section(self, section: Section) -> None:
        """Make a section findable by its SIS id; call it again when that changes."""
        if section.sis_section_id:
            root = self.course_root(section.course_id)
            self._sections_by_sis_id[root.id, section.sis_section_id] = section

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

    def add_conversation(self, conversation: Conversation) -> Conversation:
        """Keep a conversation."""
        self._seen("conversation", conversation.id)
        self._seen("message", max(message.id for message in conversation.messages))
        self.conversations[conversation.id] = conversation
        return conversation

    def add_tool(self, tool: Tool) -> Tool:
        """Keep a deployment of a registered app."""
        self._seen("tool", tool.id)
        self.tools[tool.id] = tool
        return tool

    def deployments(self, client_id: str) -> list[Tool]:
        """Everywhere that an app is deployed."""
        return [tool for tool in self.tools.values() if tool.client_id == client_id]

    def add_sis_batch(self, batch: SisBatch) -> SisBatch:
        """Keep an SIS import; working on it is `sandbox.sis.queue`'s business."""
        self._seen("sis_batch", batch.id)
        for file in [*batch.csv_files, *([batch.errors_file] if batch.errors_file else [])]:
            self._seen("attachment", file.id)
        self.sis_batches[batch.id] = batch
        return batch

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
        """The person with this log-in name in a root account; a deleted login leaves its name free."""
        name = unique_id.lower()
        user = self._by_login.get((account_id, name))
        kept = [login for login in _kept_logins(user) if login.account_id == account_id] if user else []
        return user if any(login.unique_id.lower() == name for login in kept) else None

    def users_by_name(self, term: str = "") -> Iterator[User]:
        """Everybody in the order of sortable names; with a lower-case term those who have it in any text."""
        if self._users_by_name is None:
            ordered = sorted(self.users.values(), key=_by_name)
            self._users_by_name = [(_search_text(user), user) for user in ordered]
        return (user for text, user in self._users_by_name if term in text)

    def user_by_sis_id(self, account_id: int, sis_user_id: str) -> User | None:
        """The person with this SIS id in a root account."""
        found = self.login_by_sis_id(account_id, sis_user_id)
        return found[0] if found and found[1].workflow_state != "deleted" else None

    def login_by_sis_id(self, account_id: int, sis_user_id: str) -> tuple[User, Login] | None:
        """The login with this SIS id in a root account, in every state, and whose it is."""
        found = self._by_sis_id.get((account_id, sis_user_id))
        return found if found and found[1].sis_user_id == sis_user_id else None

    def login_by_integration_id(self, account_id: int, integration_id: str) -> tuple[User, Login] | None:
        """The login with this integration id in a root account, in every state, and whose it is."""
        found = self._by_integration_id.get((account_id, integration_id))
        return found if found and found[1].integration_id == integration_id else None

    def course_by_sis_id(self, root_account_id: int, sis_course_id: str) -> Course | None:
        """The course with this SIS id in a root account, in every state."""
        found = self._courses_by_sis_id.get((root_account_id, sis_course_id))
        return found if found and found.sis_course_id == sis_course_id else None

    def section_by_sis_id(self, root_account_id: int, sis_section_id: str) -> Section | None:
        """The section with this SIS id in a root account."""
        found = self._sections_by_sis_id.get((root_account_id, sis_section_id))
        return found if found and found.sis_section_id == sis_section_id else None

    def user_by_lti_id(self, value: str) -> User | None:
        """The person with this `sub` or this 40-hex LTI 1.1 id."""
        return self._by_lti_id.get(value)

    def root_accounts_of(self, user: User) -> set[int]:
        """Ids of the root accounts where a person has a login."""
        return {login.account_id for login in _kept_logins(user)}

    def login_in(self, user: User, account_id: int) -> Login | None:
        """A person's login in a root account, or in one that it trusts."""
        usable = [account_id, *self.accounts[account_id].trusted_account_ids]
        kept = _kept_logins(user)
        found = (login for wanted in usable for login in kept if login.account_id == wanted)
        return next(found, None)

    def enrollments_of(self, user_id: int) -> list[Enrollment]:
        """All of a person's enrollments, in every state."""
        return self._by_user.get(user_id, [])

    def enrollments_in(self, course_id: int) -> list[Enrollment]:
        """All enrollments of a course, in every state."""
        return self._by_course.get(course_id, [])

    def sections_of(self, course_id: int) -> list[Section]:
        """A course's sections that are not deleted, the default one first."""
        return [each for each in self.every_section_of(course_id) if each.workflow_state == "active"]

    def every_section_of(self, course_id: int) -> list[Section]:
        """A course's sections, the deleted ones too."""
        return self._sections_by_course.get(course_id, [])

    def move_section(self, section: Section, course_id: int) -> None:
        """Put a section and everybody in it into another course, as cross-listing does."""
        self._sections_by_course[section.course_id].remove(section)
        self._sections_by_course[course_id].append(section)
        moved = [row for row in self.enrollments_in(section.course_id) if row.section_id == section.id]
        for row in moved:
            self._by_course[row.course_id].remove(row)
            self._by_course[course_id].append(row)
            row.course_id = course_id
        section.course_id = course_id

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


def _kept_logins(user: User) -> list[Login]:
    """A person's logins without the deleted ones."""
    return [login for login in user.logins if login.workflow_state != "deleted"]


def _by_name(user: User) -> tuple[str, int]:
    return user.sortable_name.lower(), user.id


def _search_text(user: User) -> str:
    """Everything a person may be searched by."""
    logins = [text for login in user.logins for text in (login.unique_id, login.sis_user_id or "")]
    return "\n".join([user.name, user.sortable_name, user.email or "", str(user.id), *logins]).lower()


def current_world() -> World:
    """The world of the running app; a reset puts a new one in its place, so ask at every request."""
    return cast(World, current_app.extensions["world"])
