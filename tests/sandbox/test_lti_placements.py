"""Where a tool shows up, for whom, and under which name."""

from typing import Any

import pytest

from tests.facts import fact
from tests.sandbox import campus as c
from tests.sandbox.campus import CLAIM, Campus

CARD = f"/courses/{c.COURSE}/external_tools/1/launch?launch_type=student_context_card"
STUDENT_ID = "https://www.instructure.com/lti_student_id"
GLOBAL = "/accounts/1/external_tools/1/launch?launch_type=global_navigation"


def placed(name: str, **more: Any) -> list[dict[str, Any]]:
    return c.tool(placements=[{"placement": name, "text": "Pairing", **more}])


@fact("lti 3.3", "course_navigation is a link in the course's menu, on unless `default` is disabled.")
@fact("lti 3.1", "`default: disabled` hides a course_navigation link until a teacher enables it in Settings.")
def test_a_link_that_is_off_by_default_waits_for_a_teacher(campus: Campus) -> None:
    shown = campus.becomes(lti_tools=placed("course_navigation")).browser(c.STUDENT)
    assert "Pairing" in shown.get(f"/courses/{c.COURSE}").text
    campus.becomes(lti_tools=placed("course_navigation", default="disabled"))
    teacher, student = campus.browser(c.TEACHER), campus.browser(c.STUDENT)
    assert "Pairing" not in student.get(f"/courses/{c.COURSE}").text
    assert "Pairing: hidden" in teacher.get(f"/courses/{c.COURSE}/settings").text

    teacher.post(f"/courses/{c.COURSE}/settings", data={"client_id": c.TOOL, "shown": "1"})

    assert "Pairing" in student.get(f"/courses/{c.COURSE}").text
    assert student.post(f"/courses/{c.COURSE}/settings", data={"client_id": c.TOOL}).status_code == 403


@fact("lti 3.3", "user_navigation is a link in everybody's account menu, of tools in the root account alone.")
def test_the_account_menu_has_the_root_accounts_tools(campus: Campus) -> None:
    campus.becomes(lti_tools=placed("user_navigation"))
    for user_id in (c.STUDENT, c.PARENT, c.STRANGER, c.ADMIN):
        assert "Pairing" in campus.browser(user_id).get("/profile/settings").text
    campus.becomes(lti_tools=[placed("user_navigation")[0] | {"account_id": 2}])
    browser = campus.browser(c.STUDENT)
    assert "Pairing" not in browser.get("/profile/settings").text
    assert browser.get(f"/users/{c.STUDENT}/external_tools/1/launch").status_code == 404


@fact("lti 3.3", "account_navigation is in the menus of account pages, which only administrators see.")
@fact("lti 3.3", "A tool's account_navigation link is in sub-accounts too, unless it is `root_account_only`.")
def test_an_account_link_is_inherited_by_sub_accounts(campus: Campus) -> None:
    campus.becomes(lti_tools=placed("account_navigation"))
    admin, below = campus.browser(c.ADMIN), campus.browser(c.SUB_ADMIN)
    assert "Pairing" in admin.get("/accounts/1").text
    assert "Pairing" in below.get("/accounts/2").text
    assert below.get("/accounts/1").status_code == 403
    assert campus.browser(c.TEACHER).get("/accounts/2").status_code == 403
    campus.becomes(lti_tools=placed("account_navigation", root_account_only=True))
    assert "Pairing" not in campus.browser(c.SUB_ADMIN).get("/accounts/2").text
    assert campus.browser(c.SUB_ADMIN).get("/accounts/2/external_tools/1/launch").status_code == 404


@fact("lti 3.3", "account_navigation takes `default: disabled` as well: the link is not shown.")
def test_an_account_link_may_be_off_by_default(campus: Campus) -> None:
    browser = campus.becomes(lti_tools=placed("account_navigation", default="disabled")).browser(c.ADMIN)

    assert "Pairing" not in browser.get("/accounts/1").text


@fact("lti 3.3", "global_navigation is in the outermost bar of every page, for tools of the root account.")
@fact("lti 2.3", "A global_navigation launch has the root account as context, and no roster claim.")
@fact(
    "lti 2.3",
    "It is opened at /accounts/:root/external_tools/:id?launch_type=global_navigation.",
    uncertain="from memory",
)
def test_a_global_link_is_everywhere_and_launches_from_the_root_account(campus: Campus) -> None:
    campus.becomes(lti_tools=placed("global_navigation"))
    student = campus.browser(c.STUDENT)

    for path in ("/", f"/courses/{c.COURSE}", "/profile/settings"):
        assert 'href="/accounts/1/external_tools/1?launch_type=global_navigation"' in student.get(path).text
    claims = student.launch(GLOBAL)

    assert (claims[CLAIM + "context"]["title"], claims[CLAIM + "context"]["type"]) == ("Campus", ["Account"])
    assert claims["https://www.instructure.com/placement"] == "global_navigation"
    assert not any("namesroleservice" in name for name in claims)
    assert "external_tools" not in campus.browser().get("/login/canvas").text
    below = campus.becomes(lti_tools=[placed("global_navigation")[0] | {"account_id": 2}])
    assert "external_tools" not in below.browser(c.STUDENT).get("/").text


@fact("lti 3.2", "For global_navigation, `admins` means administrators of the account.")
@fact("lti 3.2", "There, a permission held in any of a person's courses satisfies `required_permissions`.")
def test_a_global_link_judges_people_by_account_and_by_any_course(campus: Campus) -> None:
    campus.becomes(lti_tools=placed("global_navigation", visibility="admins"))
    assert "external_tools" in campus.browser(c.ADMIN).get("/").text
    assert "external_tools" not in campus.browser(c.TEACHER).get("/").text
    campus.becomes(lti_tools=placed("global_navigation", required_permissions="manage_grades"))
    teacher, student = campus.browser(c.TEACHER), campus.browser(c.STUDENT)
    assert "external_tools" in teacher.get("/").text
    assert teacher.get(GLOBAL).status_code == 200
    assert "external_tools" not in student.get("/").text
    assert student.get(GLOBAL).status_code == 403


@fact("lti 3.1", "`windowTarget: _blank` opens the tool in a window of its own.")
@fact("lti 5", "A tool in a new tab finds its storage at the opener, so the page keeps the storage frame.")
def test_a_global_link_may_open_a_window(campus: Campus) -> None:
    browser = campus.becomes(lti_tools=placed("global_navigation", windowTarget="_blank")).browser(c.STUDENT)

    page = browser.get("/").text

    assert 'launch_type=global_navigation" target="_blank" rel="opener"' in page
    assert '<iframe name="post_message_forwarding"' in page


@fact(
    "lti 3.1",
    "`display_type` borderless leaves Canvas's page out; the full widths keep the page or its menu.",
)
@fact("lti 3.3", "global_navigation is shown in full width unless it says otherwise.")
@pytest.mark.parametrize(
    ("placement", "display", "menu"),
    [
        ("course_navigation", "full_width", False),
        ("course_navigation", "full_width_in_context", True),
        ("course_navigation", None, True),
        ("global_navigation", None, False),
        ("global_navigation", "in_nav_context", True),
    ],
)
def test_the_display_type_decides_about_the_menu(
    campus: Campus, placement: str, display: str | None, *, menu: bool
) -> None:
    campus.becomes(lti_tools=placed(placement, **({"display_type": display} if display else {})))
    path = {"course_navigation": "/courses/100/external_tools/1"}.get(
        placement, GLOBAL.replace("/launch", "")
    )

    page = campus.browser(c.ADMIN).get(path).text

    assert ('<nav class="side"' in page) == menu
    assert 'name="tool_content"' in page


@fact(
    "lti 3.1",
    "`display_type` borderless leaves Canvas's page out; the full widths keep the page or its menu.",
)
def test_a_borderless_tool_has_no_page_around_it(campus: Campus) -> None:
    browser = campus.becomes(lti_tools=placed("course_navigation", display_type="borderless")).browser(c.TA)

    assert browser.get("/courses/100/external_tools/1").headers["location"].endswith("/1/launch")


@fact("lti 3.1", "`labels` name the link by the person's locale and win over `text`.")
@fact("lti 3.1", "A locale with a region falls back to the label of its language.", uncertain="from memory")
@pytest.mark.parametrize(
    ("locale", "label"),
    [(None, "Pairing"), ("de", "Kopplung"), ("de-x-formal", "Kopplung"), ("fr", "Pairing")],
)
def test_a_link_is_named_in_the_persons_language(campus: Campus, locale: str | None, label: str) -> None:
    people = [row | {"locale": locale} if row["id"] == c.TEACHER else row for row in c.WORLD["users"]]
    tools = placed("course_navigation", labels={"de": "Kopplung"})
    browser = campus.becomes(lti_tools=tools, users=people).browser(c.TEACHER)

    page, inside = browser.get("/courses/100").text, browser.get("/courses/100/external_tools/1").text

    assert f">{label}</a>" in page
    assert f'title="{label}"' in inside


@fact("lti 3.1", "A placement with `enabled: false` is not there.")
def test_a_placement_may_be_switched_off_in_the_configuration(campus: Campus) -> None:
    browser = campus.becomes(lti_tools=placed("course_navigation", enabled=False)).browser(c.TEACHER)

    assert "Pairing" not in browser.get("/courses/100").text


@fact("lti 3.3", "A click on a student's name in the course's people opens a card with the tool's link.")
@fact("lti 3.3", "Only students have a card; observers and teachers have none.")
@fact(
    "lti 3.3",
    "Cards are for those who read the course as admins, and can be switched off.",
    uncertain="which setting of Canvas switches cards on, and who sees them, is not documented",
)
def test_a_students_card_has_the_tools_link(campus: Campus) -> None:
    teacher = campus.becomes(lti_tools=placed("student_context_card")).browser(c.TEACHER)

    people, card = teacher.get("/courses/100/users").text, teacher.get("/courses/100/users/30").text

    assert 'href="/courses/100/users/30"' in people
    assert 'href="/courses/100/users/40"' not in people
    assert "external_tools/1?launch_type=student_context_card&amp;student_id=30" in card
    assert teacher.get("/courses/100/users/40").status_code == 404
    student = campus.browser(c.STUDENT)
    assert 'href="/courses/100/users/30"' not in student.get("/courses/100/users").text
    assert student.get("/courses/100/users/30").status_code == 403
    assert campus.browser(c.TA).get("/courses/100/users/31").status_code == 403
    off = campus.becomes(settings={"student_context_cards": False}).browser(c.TEACHER)
    assert 'href="/courses/100/users/30"' not in off.get("/courses/100/users").text


@fact("lti 2.4", "The card is opened with launch_type=student_context_card and student_id.")
@fact("lti 2.4", "`sub` is the viewer; the student is in the claim lti_student_id alone.")
@fact("lti 2.3", "A card launch has the course as context.")
@fact(
    "lti 2.4",
    "lti_student_id is the student's global id as a text.",
    uncertain="the newest controller hands over the user object",
)
def test_a_card_launch_tells_teacher_and_student_apart(campus: Campus) -> None:
    teacher = campus.becomes(lti_tools=placed("student_context_card")).browser(c.TEACHER)

    claims = teacher.launch(f"{CARD}&student_id={c.STUDENT}")

    assert claims["name"] == "Ida Teacher"
    assert claims[STUDENT_ID] == str(10_000_000_000_000 + c.STUDENT)
    assert claims[CLAIM + "context"]["title"] == "Biology 101"
    assert claims["https://www.instructure.com/placement"] == "student_context_card"
    by_global_id = teacher.launch(f"{CARD}&student_id={10_000_000_000_000 + c.STUDENT}")
    assert by_global_id[STUDENT_ID] == claims[STUDENT_ID]


@fact("lti 2.4", "lti_student_id is in no launch from another placement.")
def test_only_cards_name_a_student(campus: Campus) -> None:
    assert STUDENT_ID not in campus.browser(c.TEACHER).launch(
        "/courses/100/external_tools/1/launch?student_id=30"
    )


@pytest.mark.parametrize(("form", "claim"), [("local", "30"), ("absent", None)])
def test_the_world_may_name_the_student_otherwise(campus: Campus, form: str, claim: str | None) -> None:
    campus.becomes(lti_tools=placed("student_context_card"), settings={"card_student_id": form})

    assert campus.browser(c.TEACHER).launch(f"{CARD}&student_id=30").get(STUDENT_ID) == claim


@fact("lti 2.4", "Without student_id Canvas launches normally, without the claim.")
def test_a_card_without_a_student_is_an_ordinary_launch(campus: Campus) -> None:
    campus.becomes(lti_tools=placed("student_context_card"))

    assert STUDENT_ID not in campus.browser(c.TEACHER).launch(CARD)


@fact("lti 2.4", "A card launch is refused unless the person is or was a student of the course.")
@pytest.mark.parametrize(
    ("student_id", "status"),
    [(c.STUDENT, 200), (c.FORMER_STUDENT, 200), (c.PARENT, 403), (c.STRANGER, 403), (999, 403), ("x", 403)],
)
def test_a_card_is_for_people_who_were_students_here(
    campus: Campus, student_id: int | str, status: int
) -> None:
    browser = campus.becomes(lti_tools=placed("student_context_card")).browser(c.TEACHER)

    assert browser.get(f"{CARD}&student_id={student_id}").status_code == status


@fact(
    "lti 2.4", "A card launch is refused when the tool is not visible or `required_permissions` are lacking."
)
@pytest.mark.parametrize("rule", [{"visibility": "admins"}, {"required_permissions": "view_all_grades"}])
def test_a_card_is_for_people_who_may_see_it(campus: Campus, rule: dict[str, str]) -> None:
    campus.becomes(lti_tools=placed("student_context_card", **rule))

    assert campus.browser(c.TA).get(f"{CARD}&student_id=30").status_code == 200
    assert campus.browser(c.STUDENT).get(f"{CARD}&student_id=30").status_code == 403


@fact("lti 3.2", "Every one of the `required_permissions` is needed.")
def test_all_required_permissions_are_needed(campus: Campus) -> None:
    tools = placed("course_navigation", required_permissions="read_roster, manage_grades")
    campus.becomes(lti_tools=tools)

    assert campus.browser(c.STUDENT).get("/courses/100/external_tools/1/launch").status_code == 403
    assert campus.browser(c.TEACHER).get("/courses/100/external_tools/1/launch").status_code == 200


@fact("lti 2.3", "A launch says which placement it came from, whatever others the tool has.")
def test_a_tool_without_a_placement_there_is_not_found(campus: Campus) -> None:
    campus.becomes(lti_tools=placed("account_navigation"))

    assert campus.browser(c.TEACHER).get("/courses/100/external_tools/1/launch").status_code == 404


@fact(
    "lti 3.3", "course_home_sub_navigation and course_settings_sub_navigation are buttons beside those pages."
)
@fact("lti 2.3", "They launch from the course.")
@pytest.mark.parametrize(
    ("placement", "page"),
    [
        ("course_home_sub_navigation", "/courses/100"),
        ("course_settings_sub_navigation", "/courses/100/settings"),
    ],
)
def test_sub_navigation_is_a_button(campus: Campus, placement: str, page: str) -> None:
    teacher = campus.becomes(lti_tools=placed(placement)).browser(c.TEACHER)
    path = f"/courses/100/external_tools/1?launch_type={placement}"

    claims = teacher.launch(path.replace("?", "/launch?"))

    assert f'class="button" href="{path}"' in teacher.get(page).text
    assert claims["https://www.instructure.com/placement"] == placement


@fact("lti 2.3", "return_url leads back to the course or account, from a menu to the dashboard.")
@pytest.mark.parametrize(
    ("placement", "path", "target"),
    [
        ("course_navigation", "/courses/100/external_tools/1/launch", "/courses/100"),
        ("account_navigation", "/accounts/2/external_tools/1/launch", "/accounts/2"),
        ("global_navigation", GLOBAL, "/"),
        ("user_navigation", f"/users/{c.ADMIN}/external_tools/1/launch", "/"),
    ],
)
def test_a_tool_leads_back(campus: Campus, placement: str, path: str, target: str) -> None:
    admin = campus.becomes(lti_tools=placed(placement)).browser(c.ADMIN)

    back = admin.launch(path)[CLAIM + "launch_presentation"]["return_url"]

    assert f'href="{target}" target="_top"' in admin.get(back).text
