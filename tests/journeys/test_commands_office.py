"""From the command line: the policy, the do-not-pair list, who may sign up, and where Canvas leads."""

from pathlib import Path

import pytest

from app import db, policy
from app.models import Agreement, AuditEvent, Bar, Import
from tests.commands import Terminal, command
from tests.journeys.importing import sheet
from tests.journeys.office import Office
from tests.journeys.rows import rows
from tests.journeys.test_sign_up import grown
from tests.people import MATHS, PUBLIC_URL, School

__all__ = ["command"]
pytestmark = pytest.mark.both_databases
AIKO, KENJI = 44, 105


def last() -> tuple[str, int | None, dict[str, object]]:
    event = rows(AuditEvent)[-1]
    return event.event, event.actor_id, event.facts


def in_force(school: School) -> policy.Policy:
    with db.reading() as session:
        return policy.of(session, school.institution_id)


class TestThePolicy:
    def test_is_shown_by_the_names_it_is_set_by(self, registered: School, command: Terminal) -> None:
        told = command.done("policy", "show")
        plain = command("policy", "show", "--json").json

        assert "  code_life       30 days\n" in told
        assert (plain["code_life"], plain["observers_most"], plain["tas_issue"]) == (30, None, False)
        assert plain.keys() == policy.Policy.__dataclass_fields__.keys()

    def test_is_changed_when_that_is_said_and_tells_whom_it_is_about(
        self, registered: School, command: Terminal
    ) -> None:
        words = (
            "policy",
            "set",
            "code_life=14",
            "tas_issue=yes",
            "purposes=parent,tutor",
            "observers_most=3",
        )

        told = command.done(*words)
        assert "Days a code lasts (code_life): 30 days → 14 days\n  For everybody who gets a code." in told
        assert told.endswith("Nothing was changed yet. Add --yes to do it.\n")
        assert in_force(registered) == policy.Policy()

        assert command.done(*words, "--yes").endswith("The policy is in force.\n")
        now = in_force(registered)
        assert (now.code_life.days, now.tas_issue, now.purposes) == (14, True, ("parent", "tutor"))
        assert now.observers_most == 3
        event, actor, facts = last()
        assert (event, actor, facts["by"], facts["tas_issue"]) == (
            "policy:change",
            None,
            "cli",
            "False → True",
        )
        command.done("policy", "set", "observers_most=", "--yes")
        assert in_force(registered).observers_most is None
        assert command.done(*words[:3], "--yes") == "Nothing is different from what holds now.\n"

    def test_takes_a_long_text_from_a_file(
        self, registered: School, command: Terminal, tmp_path: Path
    ) -> None:
        (tmp_path / "text").write_text("I will help.\nOnly that.\n")

        command.done("policy", "set", f"agreement=@{tmp_path / 'text'}", "--yes")

        (agreement,) = rows(Agreement)
        assert (agreement.text, agreement.author_id) == ("I will help.\nOnly that.", None)

    @pytest.mark.parametrize(
        ("setting", "told"),
        [
            ("code_life=0", "code_life: Please give a whole number from 1 to 730."),
            ("tas_issue=maybe", "tas_issue: Please say yes or no."),
            ("time_zone=Denver", "time_zone: We do not know this time zone."),
            ("languages=", "languages: Please tick at least one language."),
            ("purposes=friend", "purposes: "),
            ("code_live=3", "'code_live=3' is no setting. Say NAME=VALUE, with one of these names:"),
            ("office=@/nowhere", "/nowhere cannot be read as a text."),
        ],
    )
    def test_refuses_what_is_no_value_with_the_rule(
        self, registered: School, command: Terminal, setting: str, told: str
    ) -> None:
        assert told in command.refused("policy", "set", setting, "--yes")
        assert in_force(registered) == policy.Policy()

    def test_is_taken_over_from_a_proposal(self, registered: School, command: Terminal) -> None:
        assert "Students end connections themselves" in command.done("policy", "preset", "college", "--yes")
        assert in_force(registered) == policy.proposed(policy.Policy(), "college")


class TestTheDoNotPairList:
    def test_is_added_to_shown_and_ended_and_every_look_is_written_down(
        self, school: School, command: Terminal
    ) -> None:
        about = ("do-not-pair", "add", KENJI, "--document", "binder 4")

        command.done("people", "connect", AIKO, KENJI, "--course", MATHS)
        told = command.done(*about, "--observer", AIKO)
        assert told.startswith("   1  Aiko Tanaka must not observe Kenji Tanaka\n      binder 4; since 20")
        assert told.endswith(f"    observatory people disconnect {AIKO} {KENJI} --course {MATHS}\n")
        command.done(*about, "--email", "Uncle@family.test")
        command.done(*about, "--anyone")
        listed = command.done("do-not-pair", "list")
        assert last() == ("bar:look", None, {"by": "cli"})
        assert "binder 4; since 20" in listed
        assert "by whoever runs the server" in listed
        entries = command("do-not-pair", "list", "--json").json
        assert [(one["observer"], one["email"]) for one in entries] == [
            (str(AIKO), None),
            (None, "uncle@family.test"),
            (None, None),
        ]

        command.done("people", "disconnect", AIKO, KENJI, "--course", MATHS, "--yes")
        assert "connected already" not in command.done("do-not-pair", "show", 1)
        asked = command.done("do-not-pair", "end", 1)
        assert "Aiko Tanaka must not observe Kenji Tanaka" in asked
        assert asked.endswith("Nothing was ended yet. Add --yes to do it.\n")
        assert [row.ended_at for row in rows(Bar)] == [None, None, None]
        assert last()[0] == "bar:look"
        command.done("do-not-pair", "end", 1, "--yes")
        assert [row.ended_at is None for row in rows(Bar)] == [False, True, True]
        assert last()[0] == "bar:end"

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("add", KENJI, "--document", "x"), "say one of --observer, --email and --anyone"),
            (("add", KENJI, "--document", "x", "--anyone", "--email", "a@b.c"), "say one of"),
            (("add", KENJI, "--document", "x", "--email", "uncle"), "this is no e-mail address"),
            (("add", KENJI, "--document", "x", "--observer", KENJI), "are the same person"),
            (("add", 999, "--document", "x", "--anyone"), "Canvas knows nobody as 999"),
            (("end", 7), "there is no entry 7 on the list"),
            (("show", 7), "there is no entry 7 on the list"),
        ],
    )
    def test_takes_no_nonsense(
        self, school: School, command: Terminal, words: tuple[object, ...], told: str
    ) -> None:
        assert told in command.refused("do-not-pair", *words)
        assert rows(Bar) == []


class TestHowFamiliesComeIn:
    def test_who_may_sign_up_is_shown_and_set_in_canvas(self, school: School, command: Terminal) -> None:
        grown(school, "manage_account_settings", "manage_user_logins")

        assert command("registration", "show", "--json").json == {"who": "observer"}
        browser = school.browser()
        assert browser.open(f"{school.base}/sign-up").has_button("Make my account")
        told = command.done("registration", "set", "none")
        assert not browser.open(f"{school.base}/sign-up").has_button("Make my account")
        assert "Done: Canvas has changed who may sign up." in told
        assert command.done("registration", "show") == "none: Nobody\n"
        assert last()[:2] == ("registration:change", None)

    def test_a_canvas_without_a_login_of_its_own_is_told_what_it_lacks(
        self, school: School, command: Terminal
    ) -> None:
        grown(school, "manage_account_settings", "manage_user_logins")
        saml = {"id": 12, "auth_type": "saml", "workflow_state": "active", "settings": {}}
        school.changes(lambda world: world["accounts"][0].update(authentication_providers=[saml]))

        assert "has no login of the type" in command.refused("registration", "set", "all")

    def test_canvas_is_led_to_the_first_page_and_no_longer(self, school: School, command: Terminal) -> None:
        grown(school, "manage_account_settings", "manage_user_logins")

        assert command.done("discovery", "set").endswith("Nothing was changed yet. Add --yes to do it.\n")
        assert command("discovery", "show", "--json").json["canvas_leads_to"] is None
        assert "Done: whoever opens Canvas" in command.done("discovery", "set", "--yes")
        assert command("discovery", "show", "--json").json["canvas_leads_to"] == f"{PUBLIC_URL}/at/maple/"
        event, actor, facts = last()
        assert (event, actor, facts["address"]) == ("discovery:change", None, f"{PUBLIC_URL}/at/maple/")
        assert "Nothing is different" in command.done("discovery", "set", "--yes")
        command.done("discovery", "unset", "--yes")
        assert command.done("discovery", "show").startswith("Canvas leads to: its own login\n")

    def test_the_first_page_says_and_shows_what_the_commands_say(
        self, school: School, command: Terminal, tmp_path: Path
    ) -> None:
        grown(school, "manage_account_settings", "manage_user_logins")
        logo, wrong = tmp_path / "logo.png", tmp_path / "logo.txt"
        logo.write_bytes(b"\x89PNG\r\n\x1a\n of a school")
        wrong.write_text("no picture")

        told = command.done(
            "discovery", "page", "--text", "-", "--picture", logo, typed="Welcome, families.\n"
        )
        assert told == "Text:    Welcome, families.\nPicture: image/png\n"
        assert "Welcome, families." in school.browser().open(f"{PUBLIC_URL}/").text
        assert "picture" in command.refused("discovery", "page", "--picture", wrong).casefold()
        wrong.write_bytes(b"Willkommen, Familie M\xfcller")
        assert f"{wrong} is no text in UTF-8. Save it so" in command.refused(
            "discovery", "page", "--text", wrong
        )
        assert "Picture: none" in command.done("discovery", "page", "--no-picture")
        assert command.done("discovery", "page").startswith("Text:    Welcome, families.\n")

        own = command("discovery", "logins", "--json").json[0]
        command.done("discovery", "login", own["number"], "--shown", "observers", "--label", "For families")
        assert last() == ("front-page:change", None, {"what": "way", "way": own["number"], "by": "cli"})
        kept = command("discovery", "logins", "--json").json[0]
        assert (kept["shown"], kept["label"]) == ("observers", "For families")
        assert "no login with this number" in command.refused("discovery", "login", 99)

    def test_what_the_account_may_not_do_is_told(self, school: School, command: Terminal) -> None:
        assert "Canvas does not let the service account" in command.refused("registration", "set", "all")
        assert "Canvas does not let the service account" in command.refused("discovery", "set", "--yes")


def test_several_institutions_must_be_told_apart(school: School, command: Terminal) -> None:
    maple = school.institution_id
    command.done(
        "platform", "add", "--canvas-url", "https://oak.example", "--client-id", "1", "--slug", "oak"
    )

    assert command.refused("policy", "show") == (
        "observatory: say of which institution, with --institution: maple, oak.\n"
    )
    command.done("policy", "set", "code_uses=7", "--yes", "--institution", "oak")
    with db.reading() as session:
        assert policy.of(session, maple).code_uses == 2
    assert command("policy", "show", "--json", "--institution", "oak").json["code_uses"] == 7


def test_what_is_of_one_institution_is_not_of_another(
    school: School, command: Terminal, tmp_path: Path
) -> None:
    command.done(
        "platform", "add", "--canvas-url", "https://oak.example", "--client-id", "1", "--slug", "oak"
    )
    in_maple, in_oak = ("--institution", "maple"), ("--institution", "oak")
    file = tmp_path / "parents.csv"
    file.write_bytes(sheet([("Aiko Tanaka", "aiko@families.example", "S000105")]))
    command.done("imports", "upload", file, "--no-follow", *in_maple)
    command.done("do-not-pair", "add", KENJI, "--anyone", "--document", "binder 4", *in_maple)

    assert "there is no import" in command.refused("imports", "cancel", rows(Import)[0].id, *in_oak)
    assert "there is no entry" in command.refused("do-not-pair", "end", rows(Bar)[0].id, "--yes", *in_oak)
    assert command.done("do-not-pair", "list", *in_oak) == "The list is empty.\n"
    assert "has met nobody called 'kenji'" in command.refused("audit", "record", "kenji", *in_oak)
    assert "import" not in command.done("audit", "list", *in_oak)


def test_the_pages_tell_what_commands_did(school: School, command: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "parents.csv"
    file.write_bytes(sheet([("Aiko Tanaka", "aiko@families.example", "S000105")]))
    command.done("imports", "upload", file, "--no-follow")
    command.done("do-not-pair", "add", KENJI, "--anyone", "--document", "binder 4")
    command.done("people", "code", KENJI)
    office = Office(school)

    assert "by whoever runs the server" in office.press(office.opens(), "Open the do-not-pair list").text
    assert "made by whoever runs the server" in office.finds("105", "Kenji Tanaka").text
    assert "parents.csv" in office.press(office.opens(), "Import a sheet").text
    events = office.press(office.opens(), "See what happened").text
    assert "Whoever runs the server made a code for Kenji Tanaka." in events
    assert "by: cli" not in events


@pytest.mark.parametrize(
    "words",
    [
        ("imports", "show"),
        ("do-not-pair", "show"),
        ("do-not-pair", "seen"),
        ("drift", "leave"),
        ("drift", "mend"),
        ("people", "revoke"),
    ],
)
def test_a_number_that_nothing_can_have_is_refused(
    school: School, command: Terminal, words: tuple[str, ...]
) -> None:
    ran = command(*words, "9" * 20)

    assert (ran.status, "is not in the range" in ran.err) == (2, True)
