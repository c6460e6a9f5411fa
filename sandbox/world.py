"""Everything the pretend Canvas holds, with the indexes that make 100,000 people quick to search.

Whoever reads and then writes holds `world.lock`; nothing here locks by itself.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, cast

from flask import current_app

from sandbox.apps import ContextControl, Registration, Tool
from sandbox.catalog import Catalog
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


class World(Catalog):
    """All records with the indexes that make 100,000 people quick to search."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = Settings()
        self.clock = Clock()
        self.lock = threading.RLock()
        self.users: dict[int, User] = {}
        self.admins: list[Admin] = []
        self.role_overrides: list[RoleOverride] = []
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
        self._by_login: dict[tuple[int, str], User] = {}
        self._by_sis_id: dict[tuple[int, str], tuple[User, Login]] = {}
        self._by_integration_id: dict[tuple[int, str], tuple[User, Login]] = {}
        self._by_lti_id: dict[str, User] = {}
        self._links_by_person: dict[int, list[ObservationLink]] = defaultdict(list)
        self._codes: dict[str, list[PairingCode]] = defaultdict(list)
        self._users_by_name: list[tuple[str, User]] | None = None
        self._members: dict[int, list[User]] = {}

    def add_user(self, user: User) -> User:
        """Keep a user and index their logins."""
        self._seen("user", user.id)
        self.users[user.id] = user
        self.forget_lists()
        self._by_lti_id[user.lti_id] = user
        self._by_lti_id[user.lti_context_id] = user
        for login in user.logins:
            self.index_login(user, login)
        return user

    def index_login(self, user: User, login: Login) -> None:
        """Make a login of `user` findable; log-in names ignore case, SIS ids do not."""
        self.forget_lists()
        if login.workflow_state != "deleted":
            self._by_login[login.account_id, login.unique_id.lower()] = user
        if login.sis_user_id:
            self._by_sis_id[login.account_id, login.sis_user_id] = user, login
        if login.integration_id:
            self._by_integration_id[login.account_id, login.integration_id] = user, login

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

    def members(self, root_account_id: int) -> list[User]:
        """The people with a login in a root account, by id."""
        if root_account_id not in self._members:
            self._members[root_account_id] = [
                user
                for _, user in sorted(self.users.items())
                if root_account_id in self.root_accounts_of(user) and not user.test_student
            ]
        return self._members[root_account_id]

    def forget_lists(self) -> None:
        """Call it when somebody came, or a login changed: lists of people are kept until then."""
        self._users_by_name = None
        self._members.clear()

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
