"""What a school offers: accounts, courses and who is in them, with the indexes to find them by."""

from collections import defaultdict

from sandbox.records import Account, AuthenticationProvider, Course, Enrollment, Role, Section, Term


class Catalog:
    """Accounts with their terms and roles, and courses with their sections and enrollments."""

    def __init__(self) -> None:
        self.accounts: dict[int, Account] = {}
        self.courses: dict[int, Course] = {}
        self.sections: dict[int, Section] = {}
        self.enrollments: dict[int, Enrollment] = {}
        self.roles: dict[int, Role] = {}
        self.terms: dict[int, Term] = {}
        # Roles 1 to 8 are Canvas's own.
        self._last_id: dict[str, int] = defaultdict(int, role=8)
        self._by_user: dict[int, list[Enrollment]] = defaultdict(list)
        self._by_course: dict[int, list[Enrollment]] = defaultdict(list)
        self._sections_by_course: dict[int, list[Section]] = defaultdict(list)
        self._courses_by_sis_id: dict[tuple[int, str], Course] = {}
        self._sections_by_sis_id: dict[tuple[int, str], Section] = {}

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

    def course_by_sis_id(self, root_account_id: int, sis_course_id: str) -> Course | None:
        """The course with this SIS id in a root account, in every state."""
        found = self._courses_by_sis_id.get((root_account_id, sis_course_id))
        return found if found and found.sis_course_id == sis_course_id else None

    def section_by_sis_id(self, root_account_id: int, sis_section_id: str) -> Section | None:
        """The section with this SIS id in a root account."""
        found = self._sections_by_sis_id.get((root_account_id, sis_section_id))
        return found if found and found.sis_section_id == sis_section_id else None

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
