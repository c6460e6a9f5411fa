"""What launches say in worlds of other kinds: public courses, other environments, themes, terms, dates."""

from typing import Any

import jwt
import pytest

from tests.facts import fact
from tests.sandbox import campus as c
from tests.sandbox.campus import CLAIM, Campus, Form

COURSE = f"/courses/{c.COURSE}/external_tools/1/launch"
NONE = "http://purl.imsglobal.org/vocab/lis/v2/system/person#None"
SPEC = "https://purl.imsglobal.org/spec/"


def changed(rows: list[dict[str, Any]], id: int, **changes: Any) -> list[dict[str, Any]]:
    """The rows with one of them changed."""
    return [row | changes if row["id"] == id else row for row in rows]


def course(**changes: Any) -> list[dict[str, Any]]:
    return changed(c.WORLD["courses"], c.COURSE, **changes)


def custom(campus: Campus, fields: dict[str, str], user_id: int = c.TEACHER, **world: Any) -> dict[str, Any]:
    """What a launch from the course says under `custom`."""
    browser = campus.becomes(lti_tools=c.tool(custom_fields=fields), **world).browser(user_id)
    claims: dict[str, Any] = browser.launch(COURSE)[CLAIM + "custom"]
    return claims


@fact("lti 1.1", "When nobody is logged in, as in a public course, the login_hint is one fixed public id.")
@fact("lti 1.3", "The comparison of users is skipped for a visitor of a published public course.")
@fact("lti 2.1", "Without a user there is no `sub`, and lti11_legacy_user_id is empty.")
@fact("lti 2.2", "Nobody logged in has the one role system/person#None.")
@fact("lti 2.7", "Without a user, variables about one stay literal; those about the course do not.")
def test_a_visitor_of_a_public_course_launches_as_nobody(campus: Campus) -> None:
    fields = {"user": "$Canvas.user.id", "course": "$Canvas.course.id", "roles": "$Canvas.membership.roles"}
    campus.becomes(courses=course(is_public=True), lti_tools=c.tool(custom_fields=fields))
    first, second = campus.browser(), campus.browser()

    assert 'name="tool_content"' in first.get(COURSE.removesuffix("/launch")).text
    hints = {browser.initiation(COURSE).fields["login_hint"] for browser in (first, second)}
    claims = first.launch(COURSE)

    assert len(hints) == 1
    assert "sub" not in claims
    assert "name" not in claims
    assert claims[CLAIM + "roles"] == [NONE]
    assert claims[CLAIM + "lti11_legacy_user_id"] == ""
    assert CLAIM + "lti1p1" not in claims
    assert claims[CLAIM + "custom"] == fields | {"course": "100"}
    hidden = campus.becomes(courses=course(is_public=True, workflow_state="unpublished")).browser()
    assert hidden.get(COURSE).status_code == 302


@fact("lti 1.2", "Each environment has one issuer for all schools: production, beta and test.")
@fact("lti 1.1", "canvas_environment is prod, beta or test; canvas_region the region of hosted Canvas.")
@pytest.mark.parametrize(
    ("settings", "issuer", "environment", "region"),
    [
        ({}, "https://canvas.instructure.com", "prod", "not_configured"),
        ({"canvas_environment": "beta"}, "https://canvas.beta.instructure.com", "beta", "not_configured"),
        (
            {"canvas_environment": "test", "canvas_region": "eu-west-1"},
            "https://canvas.test.instructure.com",
            "test",
            "eu-west-1",
        ),
        ({"issuer": "https://own.school"}, "https://own.school", "prod", "not_configured"),
    ],
)
def test_environments_have_their_own_issuers(
    campus: Campus, settings: dict[str, str], issuer: str, environment: str, region: str
) -> None:
    browser = campus.becomes(settings=settings).browser(c.TEACHER)

    sent = browser.initiation(COURSE).fields

    assert (sent["iss"], sent["canvas_environment"], sent["canvas_region"]) == (issuer, environment, region)
    assert browser.launch(COURSE)["iss"] == issuer


@fact("lti 1.1", "oidc_initiation_urls overrides the login address for a region.")
@pytest.mark.parametrize(
    ("region", "address"),
    [("eu-central-1", "http://eu.tool.test/login"), ("us-east-1", "http://tool.test/lti/login")],
)
def test_a_region_may_have_its_own_login_address(campus: Campus, region: str, address: str) -> None:
    tools = c.tool(oidc_initiation_urls={"eu-central-1": "http://eu.tool.test/login"})
    browser = campus.becomes(lti_tools=tools, settings={"canvas_region": region}).browser(c.TEACHER)

    assert browser.initiation(COURSE).action == address


@fact("lti 1.1", "lti_message_hint is an HS256 JWT of verifier, domain, context and locale, for 5 minutes.")
def test_the_message_hint_is_canvas_own_jwt(campus: Campus) -> None:
    hint = (
        campus.browser(c.ADMIN).initiation("/accounts/2/external_tools/1/launch").fields["lti_message_hint"]
    )

    assert jwt.get_unverified_header(hint)["alg"] == "HS256"
    claims = jwt.decode(hint, options={"verify_signature": False})
    assert set(claims) == {
        "verifier",
        "canvas_domain",
        "context_type",
        "context_id",
        "canvas_locale",
        "include_storage_target",
        "exp",
    }
    assert (claims["context_type"], claims["canvas_locale"]) == ("Account", "en")


@fact("lti 1.4", "The payload is built when the launch starts, so `iat` may be 5 minutes old.")
def test_the_payload_is_as_old_as_the_launch(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)
    request = browser.request_for(COURSE)
    campus.waits(200)

    late = browser.verified(Form(browser.authorize(request).text).fields["id_token"])
    fresh = browser.launch(COURSE)

    assert 199 <= fresh["iat"] - late["iat"] <= 230


@fact("lti 2.1", "`locale` is the person's language, in the claim and in launch_presentation.")
@fact("lti 2.7", "$Message.locale is the language of Canvas's pages.")
@fact("lti 2.7", "$Person.address.timezone is the person's zone, literal when there is none.")
@fact("lti 2.7", "$Canvas.user.prefersHighContrast is the text true or false.")
def test_a_launch_knows_how_the_person_wants_to_read(campus: Campus) -> None:
    likes = {"locale": "de", "time_zone": "Europe/Berlin", "high_contrast": True}
    fields = {
        "zone": "$Person.address.timezone",
        "contrast": "$Canvas.user.prefersHighContrast",
        "language": "$Message.locale",
    }
    campus.becomes(
        users=changed(c.WORLD["users"], c.TEACHER, **likes), lti_tools=c.tool(custom_fields=fields)
    )

    claims = campus.browser(c.TEACHER).launch(COURSE)
    usual = campus.browser(c.STUDENT).launch(COURSE)

    assert claims["locale"] == claims[CLAIM + "launch_presentation"]["locale"] == "de"
    wanted = {"zone": "Europe/Berlin", "contrast": "true", "language": "de"}
    assert claims[CLAIM + "custom"] == wanted
    assert usual[CLAIM + "custom"] == {
        "zone": "$Person.address.timezone",
        "contrast": "false",
        "language": "en",
    }


@fact("lti 2.7", "Who has no language or zone of their own has the school's.", uncertain="from memory")
def test_a_school_has_a_language_and_a_zone(campus: Campus) -> None:
    accounts = changed(c.WORLD["accounts"], 1, default_locale="fr", default_time_zone="Europe/Paris")
    fields = {"zone": "$Person.address.timezone", "language": "$Message.locale"}

    said = custom(campus, fields, accounts=accounts)

    assert said == {"zone": "Europe/Paris", "language": "fr"}


@fact("lti 2.7", "Integration ids and pronouns are told when a person has them.")
def test_rarer_things_about_a_person(campus: Campus) -> None:
    fields = {"id": "$Canvas.user.sisIntegrationId", "pronouns": "$com.instructure.Person.pronouns"}
    assert custom(campus, fields) == fields
    login = c.WORLD["users"][2]["logins"][0] | {"integration_id": "int-1"}
    users = changed(c.WORLD["users"], c.TEACHER, logins=[login], pronouns="they/them")

    assert custom(campus, fields, users=users) == {"id": "int-1", "pronouns": "they/them"}


@fact("lti 2.7", "brandConfigJSON.url leads to the theme of the account; sub-accounts inherit it.")
def test_a_tool_can_read_the_theme(campus: Campus) -> None:
    fields = {
        "url": "$com.instructure.brandConfigJSON.url",
        "json": "$com.instructure.brandConfigJSON",
        "js": "$com.instructure.brandConfigJS.url",
    }
    accounts = changed(c.WORLD["accounts"], 1, brand={"ic-brand-primary": "#123456", "mine": "x"})
    accounts = changed(accounts, 2, brand={"mine": "y"})
    said = custom(campus, fields, accounts=accounts)

    answer = campus.browser().get(said["url"])

    assert answer.json()["ic-brand-primary"] == "#123456"
    assert answer.json()["mine"] == "y"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert '"mine": "y"' in said["json"]
    assert "#123456" in campus.browser().get(said["js"]).text
    assert campus.state()["accounts"][1]["brand"] == {"mine": "y"}


DATED: dict[str, Any] = {
    "terms": [{"id": 7, "root_account_id": 1, "name": "Fall", "start_at": "2026-08-01T06:00:00Z"}],
    "courses": course(term_id=7, sis_course_id="SIS-BIO", end_at="2026-12-20T06:00:00Z"),
}
DATES = {
    "term": "$Canvas.term.name",
    "term_id": "$Canvas.term.id",
    "begins": "$Canvas.term.startAt",
    "ends": "$Canvas.term.endAt",
    "course_begins": "$Canvas.course.startAt",
    "course_ends": "$Canvas.course.endAt",
}


@fact("lti 2.7", "Term and course dates are there when set, literal otherwise.")
@fact("lti 2.7", "Dates are ISO 8601.", uncertain="the documentation shows `2018-01-12 00:00:00 -0700`")
@pytest.mark.parametrize(
    ("form", "begins"), [("iso", "2026-08-01T06:00:00Z"), ("text", "2026-08-01 06:00:00 +0000")]
)
def test_terms_and_dates_are_told(campus: Campus, form: str, begins: str) -> None:
    said = custom(campus, DATES, settings={"variable_dates": form}, **DATED)

    assert said["term"] == "Fall"
    assert said["term_id"] == "7"
    assert said["begins"] == begins
    assert said["ends"] == "$Canvas.term.endAt"
    assert said["course_begins"] == "$Canvas.course.startAt"
    assert said["course_ends"].startswith("2026-12-20")


@fact("lti 2.1", "Unset values of `lis` arrive as the literal name of their variable.")
@fact("lti 2.7", "The SIS id of a course is literal until it has one.")
def test_sis_ids_of_courses(campus: Campus) -> None:
    fields = {"sis": "$Canvas.course.sisSourceId"}
    without = campus.becomes(lti_tools=c.tool(custom_fields=fields)).browser(c.TEACHER).launch(COURSE)
    with_id = campus.becomes(lti_tools=c.tool(custom_fields=fields), **DATED)

    claims = with_id.browser(c.TEACHER).launch(COURSE)

    assert without[CLAIM + "custom"]["sis"] == "$Canvas.course.sisSourceId"
    assert without[CLAIM + "lis"]["course_offering_sourcedid"] == "$CourseSection.sourcedId"
    assert claims[CLAIM + "custom"]["sis"] == claims[CLAIM + "lis"]["course_offering_sourcedid"] == "SIS-BIO"


@fact("lti 2.7", "A value is substituted as a whole, or as ${Name} inside a longer text.")
@fact("lti 2.7", "Unknown names and unmet conditions leave the literal text.")
@fact("lti 2.7", "Numbers become texts, booleans stay booleans.")
@fact("lti 2.1", "Custom keys are lower-cased, and every odd character becomes an underscore.")
@fact("lti 2.1", "A placement's custom fields win over the tool's.")
def test_substitution_follows_its_rules(campus: Campus) -> None:
    fields = {
        "A-b.C": "$Canvas.course.id",
        "inside": "c=${Canvas.course.id};$Canvas.course.id",
        "bare": "x$Canvas.course.id",
        "unknown": "${No.such}",
        "admin": "$Canvas.user.isRootAccountAdmin",
        "both": "tool",
    }
    placement = {"placement": "course_navigation", "custom_fields": {"both": "placement"}}
    browser = campus.becomes(lti_tools=c.tool(custom_fields=fields, placements=[placement])).browser(c.TA)

    assert browser.launch(COURSE)[CLAIM + "custom"] == {
        "a_b_c": "100",
        "inside": "c=100;$Canvas.course.id",
        "bare": "x$Canvas.course.id",
        "unknown": "${No.such}",
        "admin": False,
        "both": "placement",
    }


@fact("lti 2.7", "No privacy level keeps variables back.")
def test_variables_ignore_the_privacy_level(campus: Campus) -> None:
    tools = c.tool(custom_fields={"mail": "$Person.email.primary"}, privacy_level="anonymous")

    claims = campus.becomes(lti_tools=tools).browser(c.TEACHER).launch(COURSE)

    assert "email" not in claims
    assert claims[CLAIM + "custom"]["mail"] == "ida@campus.example"


@fact("lti 2.7", "The ids of everything else: global ids, uuids, account and root account.")
def test_other_ids_are_told(campus: Campus) -> None:
    fields = {
        "user": "$Canvas.user.globalId",
        "uuid": "$vnd.instructure.User.uuid",
        "account": "$Canvas.account.name",
        "root": "$Canvas.root_account.global_id",
        "root_uuid": "$vnd.Canvas.root_account.uuid",
        "context": "$com.instructure.Context.globalId",
        "guid": "$ToolConsumerInstance.guid",
        "label": "$com.instructure.contextLabel",
    }
    campus.becomes(lti_tools=c.tool(custom_fields=fields))

    claims = campus.browser(c.TEACHER).launch(COURSE)
    said = claims[CLAIM + "custom"]

    assert said["user"] == "10000000000020"
    assert said["account"] == "College"
    assert (said["root"], said["context"]) == ("10000000000001", "10000000000100")
    assert len(said["uuid"]) == len(said["root_uuid"]) == 40
    assert said["guid"] == claims[CLAIM + "tool_platform"]["guid"]
    assert said["label"] == "BIO101"


@fact("lti 2.7", "$Canvas.membership.roles has custom roles by their names.")
def test_custom_roles_have_their_own_names(campus: Campus) -> None:
    roles = [{"id": 900, "account_id": 1, "label": "Advisor", "base_role_type": "TaEnrollment"}]
    rows = [row | ({"role_id": 900} if row["user_id"] == c.TA else {}) for row in c.WORLD["enrollments"]]

    said = custom(campus, {"roles": "$Canvas.membership.roles"}, c.TA, roles=roles, enrollments=rows)

    assert said == {"roles": "Advisor"}


@fact("lti 2.1", "tool_platform has guid, the root account's name, version cloud and canvas.")
@fact("lti 2.1", "launch_presentation is an iframe, with the return address and the configured size.")
@fact("lti 2.1", "eulaservice is in every launch.")
@fact("lti 2.1", "Services are told by the key's scopes: grades in courses, notices everywhere.")
def test_the_platform_tells_of_itself_and_its_services(campus: Campus) -> None:
    placement = {"placement": "course_navigation", "selection_height": 800, "selection_width": 500}
    notices, score = SPEC + "lti/scope/noticehandlers", SPEC + "lti-ags/scope/score"
    tools = c.tool(placements=[placement], scopes=[notices, score])

    claims = campus.becomes(lti_tools=tools).browser(c.TEACHER).launch(COURSE)

    assert claims[CLAIM + "tool_platform"]["version"] == "cloud"
    assert claims[CLAIM + "tool_platform"]["name"] == "Campus"
    assert claims[CLAIM + "tool_platform"]["guid"].endswith(":canvas-lms")
    presentation = claims[CLAIM + "launch_presentation"]
    assert presentation == {
        "document_target": "iframe",
        "return_url": f"{campus.url}/courses/100/external_content/success/external_tool_redirect",
        "locale": "en",
        "height": 800,
        "width": 500,
    }
    grading = claims[SPEC + "lti-ags/claim/endpoint"]
    assert grading == {"scope": [score], "lineitems": f"{campus.url}/api/lti/courses/100/line_items"}
    assert claims[CLAIM + "platformnotificationservice"]["scope"] == [notices]
    assert claims[CLAIM + "eulaservice"]["url"].endswith("/api/lti/asset_processor_eulas/1")


@fact("lti 2.6", "`sub` and the LTI 1.1 id are no REST ids, but REST takes them with their prefixes.")
@fact("lti 2.6", "lti1p1.user_id is the login_hint.")
def test_rest_takes_the_ids_of_launches(campus: Campus) -> None:
    browser = campus.browser(c.TEACHER)
    hint, claims = browser.initiation(COURSE).fields["login_hint"], browser.launch(COURSE)
    users = changed(c.WORLD["users"], c.ADMIN, tokens=["t"])
    campus.becomes(users=users)
    bearer = {"Authorization": "Bearer t"}

    assert claims[CLAIM + "lti1p1"]["user_id"] == hint
    context = claims[CLAIM + "context"]["id"]
    for path, id in (
        (f"users/lti_1_3_id:{claims['sub']}", c.TEACHER),
        (f"users/lti_1_1_id:{hint}", c.TEACHER),
        (f"courses/lti_context_id:{context}", c.COURSE),
    ):
        assert browser.get(f"/api/v1/{path}", headers=bearer).json()["id"] == id


@fact("lti 2.2", "Institution roles say what somebody is anywhere; only membership roles what they are here.")
@fact("lti 2.2", "An administrator of a sub-account is an Administrator too, of which account is not said.")
def test_a_sub_account_admin_looks_like_any_admin(campus: Campus) -> None:
    person = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"

    for user_id, adminable in ((c.ADMIN, "1,2"), (c.SUB_ADMIN, "2")):
        claims = campus.browser(user_id).launch("/accounts/2/external_tools/1/launch")
        assert person in claims[CLAIM + "roles"]
        assert claims[CLAIM + "custom"]["adminable"] == adminable
