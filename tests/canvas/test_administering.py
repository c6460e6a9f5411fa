"""What an administrator and people without an account do, against the sandbox."""

import io
import zipfile

import pytest

from app.canvas import (
    Canvas,
    accounts,
    conversations,
    courses,
    enrollments,
    observees,
    sections,
    sis_imports,
    terms,
    tokens,
    users,
)
from app.canvas import authentication_providers as providers
from app.canvas.authentication_providers import CANVAS, SelfRegistration
from app.canvas.observees import Elsewhere
from app.canvas.users import Invalid, NewUser, User
from app.errors import CanvasForbids, CanvasMissing, CanvasRejects, TokenDead
from app.settings import Settings
from tests.canvas.test_endpoints import As, as_, maths, mia, nils, per, text
from tests.facts import fact
from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import FAR, MATHS, OLD, A, B

__all__ = ["as_"]

BARELY = NewUser(name="Nye Ny", login="nye")
LINKS = "observer_id,student_id,status\n"


@pytest.fixture
def admin(as_: As) -> Canvas:
    return as_("admin")


@pytest.fixture
def anybody(sandbox: Sandbox, patient: Settings) -> Canvas:
    """Canvas without a token."""
    return tokens.given(sandbox.url, "", patient)


def signs_up(
    canvas: Canvas, code: str, email: str = "pia@home.test", name: str = "Pia Holm"
) -> User | Invalid:
    return users.register(canvas, "1", name=name, email=email, password="long enough", pairing_code=code)


def wrong(outcome: User | Invalid) -> dict[str, str]:
    """What Canvas finds wrong, by field."""
    assert isinstance(outcome, Invalid)
    return {error.field: error.type for error in outcome.fields}


class TestUserObservees:
    @fact("rest 1.4", "A link is seen from both sides; without one either side is not found.")
    def test_a_link_is_seen_from_both_sides(self, admin: Canvas) -> None:
        assert observees.find_observer(admin, mia, per) is None
        observees.add(admin, per, mia)
        seen = observees.find_observer(admin, mia, per)
        assert seen is not None
        assert (seen.id, seen.name) == (per, "Per Holm")

    @fact("rest 1.6", "`root_account_id` may name an account of both or `all`; a link may be repeated.")
    def test_a_link_may_name_its_school(self, admin: Canvas) -> None:
        for root in ("1", observees.EVERYWHERE, None):
            linked = observees.add(admin, per, mia, root_account_id=root)
            assert linked.observation_link_root_account_ids == ("1",)

    @fact("rest 1.8", "An admin makes a code of six characters for a student; for others it is forbidden.")
    def test_a_code_is_made_for_a_student_only(self, admin: Canvas, as_: As) -> None:
        code = observees.make_pairing_code(admin, mia)
        assert len(code.code) == 6
        assert code.code not in repr(code)
        assert observees.add_by_code(as_("parent"), "self", code.code).id == mia
        with pytest.raises(CanvasForbids):
            observees.make_pairing_code(admin, per)

    @fact("rest 1.3", "A student's access token proves that they may be observed; a wrong one is refused.")
    def test_a_students_token_links_them(self, as_: As) -> None:
        assert observees.add_by_token(as_("parent"), "self", "tok-mia").id == mia
        with pytest.raises(CanvasRejects, match="Unknown observee"):
            observees.add_by_token(as_("parent"), "self", "no such token")

    @fact("rest 1.3", "A student's login and password link them; a wrong password is a 401 of its own.")
    def test_a_students_password_links_them(self, as_: As) -> None:
        parent = as_("parent")
        linked = observees.add_by_credentials(parent, "self", "mia", "pw")
        assert isinstance(linked, User)
        assert linked.id == mia
        with pytest.raises(CanvasRejects, match=r"Invalid credentials provided\."):
            observees.add_by_credentials(parent, "self", "mia", "wrong")
        with pytest.raises(CanvasRejects, match="Unknown observee"):
            observees.add_by_credentials(parent, "self", "nobody at all", "pw")

    @fact("rest 1.3", "With SAML parent registration a 200 with `redirect` sends the student to sign in.")
    def test_with_saml_the_student_must_sign_in_there(self, as_: As, admin: Canvas, sandbox: Sandbox) -> None:
        world = sandbox.state()
        world["accounts"][0]["authentication_providers"] = [
            {"id": 91, "auth_type": "canvas", "position": 1},
            {"id": 92, "auth_type": "saml", "position": 2, "parent_registration": True},
        ]
        sandbox.use(world)
        outcome = observees.add_by_credentials(as_("parent"), "self", "mia", "pw")
        assert isinstance(outcome, Elsewhere)
        assert outcome.url.startswith(sandbox.url + "/")
        assert observees.find(admin, per, mia) is None
        found = {one.type: one.parent_registration for one in providers.of_account(admin, "1")}
        assert found == {"canvas": False, "saml": True}


class TestEnrollments:
    @fact("rest 3.2", "Enrollments are listed by course, section and person; observer rows name the student.")
    def test_an_observer_is_found_from_everywhere(self, admin: Canvas) -> None:
        made = enrollments.observe_course(admin, maths, per, mia)
        assert made.section_id == text(A)
        for found in (
            enrollments.of_course(admin, maths, [enrollments.OBSERVER]),
            enrollments.of_section(admin, text(A), [enrollments.OBSERVER]),
            enrollments.of_user(admin, per, [enrollments.OBSERVER]),
        ):
            assert [(row.id, row.associated_user_id, row.state) for row in found] == [
                (made.id, mia, "active")
            ]
        alone = enrollments.get(admin, "1", made.id)
        assert (alone.id, alone.associated_user_id, alone.start_at, alone.end_at) == (
            made.id,
            mia,
            None,
            None,
        )
        with pytest.raises(CanvasMissing):
            enrollments.get(admin, "1", "987654")

    @fact(
        "rest 3.3", "An enrollment rests, wakes and is concluded; to wake one that does not rest is refused."
    )
    def test_an_enrollment_rests_and_wakes(self, admin: Canvas) -> None:
        made = enrollments.observe_section(admin, text(B), per, mia)

        def state() -> str:
            return enrollments.get(admin, "1", made.id).state

        assert enrollments.deactivate(admin, maths, made.id)
        assert state() == "inactive"
        assert enrollments.of_user(admin, per, states=["inactive"])[0].id == made.id
        assert enrollments.reactivate(admin, maths, made.id)
        assert state() == "active"
        with pytest.raises(CanvasRejects, match="not inactive"):
            enrollments.reactivate(admin, maths, made.id)
        assert enrollments.conclude(admin, maths, made.id)
        assert state() == "completed"
        for act in (enrollments.conclude, enrollments.deactivate, enrollments.reactivate):
            assert not act(admin, maths, "987654")

    @fact("rest 3.3", "To delete takes the right to remove observers; to conclude takes another one.")
    def test_who_may_remove_observers_may_not_conclude(self, admin: Canvas, as_: As) -> None:
        made = enrollments.observe_section(admin, text(A), per, mia)
        with pytest.raises(CanvasForbids):
            enrollments.conclude(as_("helper"), maths, made.id)
        assert enrollments.delete(as_("helper"), maths, made.id)


class TestPlaces:
    @fact("rest 8", "An account names the one above it; a root account has none.")
    def test_accounts(self, admin: Canvas) -> None:
        root, below = accounts.get(admin), accounts.get(admin, "2")
        assert (root.id, root.name, root.is_root, root.root_account_id) == ("1", "Holm School", True, "1")
        assert (below.parent_account_id, below.is_root, below.root_account_id) == ("1", False, "1")
        assert accounts.sub_accounts(admin, "1") == [below]
        assert root in accounts.of_caller(admin)

    @fact("rest 4.3", "Courses and sections are read one by one and by account or course.")
    def test_courses_and_sections(self, admin: Canvas) -> None:
        course = courses.get(admin, maths)
        assert (course.name, course.code, course.account_id) == (f"Course {MATHS}", f"C{MATHS}", "2")
        assert not course.concluded
        assert courses.get(admin, text(OLD)).concluded
        assert course in courses.of_account(admin, "1")
        assert [course.id for course in courses.of_account(admin, "2")] == [maths]
        found = sections.of_course(admin, maths)
        assert [(one.id, one.course_id) for one in found] == [(text(A), maths), (text(B), maths)]
        assert sections.get(admin, text(A)) == found[0]
        for look in (lambda: courses.get(admin, "987654"), lambda: sections.get(admin, "987654")):
            with pytest.raises(CanvasMissing):
                look()

    def test_terms_of_a_school_year(self, admin: Canvas) -> None:
        found = terms.of_account(admin, "1")
        assert found
        assert all(term.name for term in found)

    @fact("rest 7", "A role's permissions can be asked for without using them.", uncertain="from memory")
    def test_permissions_are_asked_for(self, as_: As) -> None:
        wanted = ["read_roster", "manage_user_observers", "remove_observer_from_course"]
        held = {who: accounts.permissions(as_(who), wanted) for who in ("admin", "service", "helper")}
        assert held == {
            "admin": set(wanted),
            "service": {"read_roster", "manage_user_observers"},
            "helper": {"remove_observer_from_course"},
        }

    @fact(
        "rest 5",
        "The terms of service tell anybody who may sign up by themselves.",
        uncertain="whether a token is needed was not seen; the Parent app needs it before signing in",
    )
    def test_who_may_sign_up_is_told_to_anybody(self, anybody: Canvas, admin: Canvas) -> None:
        assert accounts.terms_of_service(anybody).self_registration_type == "none"
        changed = providers.set_self_registration(admin, "1", SelfRegistration.OBSERVER)
        assert changed.self_registration is SelfRegistration.OBSERVER
        assert providers.get(admin, "1", CANVAS).self_registration is SelfRegistration.OBSERVER
        assert accounts.terms_of_service(anybody).self_registration_type == "observer"

    @fact("rest 5", "The discovery address is set and, by a blank one, unset; other settings are kept.")
    def test_the_discovery_address_is_set_and_unset(self, admin: Canvas, as_: As) -> None:
        assert providers.sso_settings(admin).discovery_url is None
        url = "https://observatory.test/sign-in"
        assert providers.set_discovery_url(admin, "1", url).discovery_url == url
        assert providers.sso_settings(admin).discovery_url == url
        assert providers.set_discovery_url(admin, "1", None).discovery_url is None
        with pytest.raises(CanvasForbids):
            providers.sso_settings(as_("parent"))


class TestPeople:
    def test_a_person_is_found_by_several_names(self, admin: Canvas) -> None:
        found = users.get(admin, mia)
        assert found.sortable_name == "Holm, Mia"
        assert users.get(admin, "sis_user_id:sis-mia").id == mia
        assert users.get(admin, "sis_login_id:mia").id == mia
        with pytest.raises(CanvasMissing):
            users.get(admin, "sis_user_id:sis-nobody")

    @fact("rest 4.3", "An account's people are searched by name, login or SIS id, of two letters or more.")
    def test_people_are_searched(self, admin: Canvas) -> None:
        (found,) = users.search_account(admin, "1", "sis-mia")
        assert (found.id, found.login, found.sis_user_id) == (mia, "mia", "sis-mia")
        assert found.email == "mia@holm.test"
        assert {one.id for one in users.search_account(admin, "1", enrollment_type="student")} >= {mia, nils}
        assert users.search_account(admin, "1", "nobody at all") == []
        with pytest.raises(CanvasRejects, match="2 or more characters"):
            users.search_account(admin, "1", "m")

    def test_ones_own_profile_tells_the_language_that_is_shown(self, as_: As) -> None:
        assert users.profile(as_("parent")).effective_locale == "en"

    @fact("rest 4.1", "An admin makes people with or without an e-mail address and SIS id, and no code.")
    @pytest.mark.parametrize(
        "person",
        [
            BARELY,
            NewUser(
                name="Nye Ny", login="nye", email="nye@home.test", sis_user_id="par-1", password="long enough"
            ),
        ],
        ids=["barely", "with all"],
    )
    def test_an_admin_makes_a_person(self, admin: Canvas, person: NewUser) -> None:
        made = users.create(admin, "1", person)
        assert isinstance(made, User)
        assert (made.name, made.login, made.sis_user_id) == ("Nye Ny", "nye", person.sis_user_id)
        assert users.get(admin, "sis_login_id:nye").id == made.id
        assert observees.add(admin, made.id, mia).id == mia

    @fact("rest 4.1", "A login that is taken is told by its field.")
    def test_a_login_that_is_taken_is_told_by_its_field(self, admin: Canvas, as_: As) -> None:
        assert "pseudonym.unique_id" in wrong(users.create(admin, "1", NewUser(name="Mia", login="mia")))
        with pytest.raises(CanvasForbids):
            users.create(as_("teacher"), "1", NewUser(name="X", login="x"))

    def test_who_types_it_all_is_held_to_the_rules_of_signing_up(self, admin: Canvas) -> None:
        alone = {"name": "Rue", "password": "s3cret-passw0rd", "by_themselves": True}

        refused = users.create(admin, "1", NewUser(login="rue", **alone))
        made = users.create(admin, "1", NewUser(login="rue@home.test", email="rue@home.test", **alone))

        assert wrong(refused) == {"pseudonym.unique_id": "not_email"}
        assert isinstance(made, User)

    @fact("rest 4.1", "Anybody with a code of a student's signs up as an observer, without a token.")
    def test_a_parent_signs_up_with_a_code(self, anybody: Canvas, admin: Canvas) -> None:
        code = observees.make_pairing_code(admin, mia).code
        with pytest.raises(CanvasForbids):
            signs_up(anybody, code)
        providers.set_self_registration(admin, "1", SelfRegistration.OBSERVER)
        made = signs_up(anybody, code)
        assert isinstance(made, User)
        assert observees.find(admin, made.id, mia) is not None
        assert wrong(signs_up(anybody, code, email="other@home.test")) == {"pairing_code.code": "invalid"}

    @fact("rest 4.1", "Everything that is wrong with a form is told at once, each with its field.")
    def test_everything_wrong_is_told_at_once(self, anybody: Canvas, admin: Canvas) -> None:
        providers.set_self_registration(admin, "1", SelfRegistration.OBSERVER)
        found = wrong(signs_up(anybody, "nope", email="no address", name=""))
        assert {"user.name", "pseudonym.unique_id", "pairing_code.code"} <= set(found)


class TestSisImports:
    @fact("rest 6.1", "A file is taken in and worked on later; its state and counts are asked for.")
    def test_links_come_by_file(self, admin: Canvas, sandbox: Sandbox) -> None:
        rows = f"{LINKS}sis-parent,sis-mia,active\nsis-parent,sis-nobody,active\n".encode()
        begun = sis_imports.start(admin, "1", "user_observers.csv", rows)
        assert begun.id
        ended = self.settled(admin, sandbox, begun.id)
        assert (ended.state, ended.worked, ended.progress) == ("imported_with_messages", True, 100)
        assert ended.counts["user_observers"] == 1
        ((_file, words),) = ended.errors + ended.warnings
        assert "sis-nobody" in words
        (row,) = sis_imports.errors(admin, "1", begun.id)
        assert (row.row, "sis-nobody" in row.message) == (3, True)
        assert [one.id for one in sis_imports.of_account(admin, "1")] == [begun.id]
        assert observees.find(admin, per, mia) is not None

    def test_an_open_file_is_sent_from_its_start(self, admin: Canvas, sandbox: Sandbox) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("user_observers.csv", f"{LINKS}sis-parent,sis-mia,active\n")
        begun = sis_imports.start(admin, "1", "links.zip", packed)
        assert self.settled(admin, sandbox, begun.id).state == "imported"
        assert observees.find(admin, per, mia) is not None

    @fact("rest 6.1", "With skip_deletes a row that ends something is passed over.")
    def test_deletes_can_be_skipped(self, admin: Canvas, sandbox: Sandbox) -> None:
        observees.add(admin, per, mia)
        rows = f"{LINKS}sis-parent,sis-mia,deleted\n".encode()
        begun = sis_imports.start(admin, "1", "user_observers.csv", rows, skip_deletes=True)
        self.settled(admin, sandbox, begun.id)
        assert observees.find(admin, per, mia) is not None

    @fact("rest 6.1", "An import that waits can be aborted; one that is over cannot.")
    def test_an_import_can_be_stopped(self, admin: Canvas, sandbox: Sandbox) -> None:
        sandbox.call("POST", "/_sandbox/sis", json={"hold": True})
        begun = sis_imports.start(admin, "1", "user_observers.csv", LINKS.encode())
        assert not begun.finished
        assert sis_imports.abort(admin, "1", begun.id).state == "aborted"
        stopped = sis_imports.get(admin, "1", begun.id)
        assert (stopped.finished, stopped.worked) == (True, False)
        with pytest.raises(CanvasMissing):
            sis_imports.abort(admin, "1", begun.id)

    @fact("rest 6.1", "Only a root account takes imports, and only from who may import.")
    def test_who_may_not_import_is_told(self, admin: Canvas, as_: As) -> None:
        with pytest.raises(CanvasForbids):
            sis_imports.start(as_("helper"), "1", "user_observers.csv", LINKS.encode())
        with pytest.raises(CanvasRejects, match="root accounts"):
            sis_imports.start(admin, "2", "user_observers.csv", LINKS.encode())
        with pytest.raises(CanvasMissing):
            sis_imports.get(admin, "1", "987654")

    def settled(self, canvas: Canvas, sandbox: Sandbox, import_id: str) -> sis_imports.SisImport:
        sandbox.call("POST", "/_sandbox/sis", json={"wait": True})
        found = sis_imports.get(canvas, "1", import_id)
        assert found.finished
        return found


def test_a_message_is_written_to_each_by_themselves(admin: Canvas, as_: As, sandbox: Sandbox) -> None:
    made = conversations.send(admin, [mia, nils], "Hello", "There.", course_id=maths)
    assert len(set(made)) == 2
    (inbox,) = sandbox.get("/conversations", "tok-mia")
    assert (inbox["subject"], inbox["last_message"], inbox["context_code"]) == (
        "Hello",
        "There.",
        f"course_{MATHS}",
    )
    with pytest.raises(CanvasRejects):
        conversations.send(as_("parent"), [text(FAR)], "Hello", "There.")


@fact("lti 7.5", "Without a token Canvas asks for one, and says so in a header.")
def test_without_a_token_there_is_nothing_to_see(anybody: Canvas) -> None:
    with pytest.raises(TokenDead):
        users.profile(anybody)
