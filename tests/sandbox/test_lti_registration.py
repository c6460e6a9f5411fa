"""How an app comes to be registered, confirmed and deployed."""

import html
import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest

from tests.facts import fact
from tests.sandbox import campus as c
from tests.sandbox.campus import CLAIM, Browser, Campus

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
CANVAS = "https://canvas.instructure.com/lti/"
ROSTER = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
APPS = "/accounts/1/apps"
NEW = "10000000000004"


def registration(**changes: Any) -> dict[str, Any]:
    """What a tool registers as; `tool` changes its tool configuration, None leaves a key out."""
    tool = {
        "domain": "tool.test",
        "target_link_uri": c.LAUNCH,
        "custom_parameters": {"user": "$Canvas.user.id"},
        "claims": ["sub", "name", "email"],
        "messages": [
            {
                "type": "LtiResourceLinkRequest",
                "target_link_uri": f"{c.LAUNCH}?placement=course",
                "label": "Pairing",
                "placements": [CANVAS + "course_navigation", "user_navigation"],
                CANVAS + "course_navigation/default_enabled": True,
            },
        ],
    } | changes.pop("tool", {})
    body = {
        "application_type": "web",
        "grant_types": ["client_credentials", "implicit"],
        "response_types": ["id_token"],
        "redirect_uris": [c.LAUNCH],
        "initiate_login_uri": "http://tool.test/lti/login",
        "client_name": "Pairing tool",
        "jwks_uri": "http://tool.test/lti/jwks.json",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": f"openid {ROSTER} {SCORE}",
        TOOL: {name: value for name, value in tool.items() if value is not None},
    } | changes
    return {name: value for name, value in body.items() if value is not None}


class Registering:
    """An administrator's browser with the tool's registration page open, and what the tool was given."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        page = browser.post(f"{APPS}/dynamic", data={"url": "http://tool.test/register?from=canvas"}).text
        found = re.search(r'name="registration"[^>]* src="([^"]*)"', page)
        assert found, page
        self.frame = html.unescape(found[1])
        self.given = dict(parse_qsl(urlsplit(self.frame).query))
        self.token = self.given["registration_token"]
        closes = re.search(r'data-closes="([^"]*)"', page)
        assert closes
        self.closes = closes[1]

    def openid(self, **options: Any) -> httpx.Response:
        return Browser(self.browser.url).http.get(self.given["openid_configuration"], **options)

    def register(self, body: Any = None, token: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        return Browser(self.browser.url).post(
            "/api/lti/registrations", json=body or registration(), headers=headers
        )


@pytest.fixture
def admin(campus: Campus) -> Browser:
    return campus.becomes(lti_tools=[]).browser(c.ADMIN)


@pytest.fixture
def begun(admin: Browser) -> Registering:
    return Registering(admin)


def confirm(browser: Browser, client_id: str = NEW, **form: Any) -> None:
    answer = browser.post(f"{APPS}/{client_id}", data={"enabled": "1", **form})
    assert answer.status_code == 303, answer.text


@fact(
    "lti 4.2",
    "Canvas opens the registration URL in a frame with openid_configuration and registration_token.",
)
@fact("lti 4.2", "The openid_configuration address contains the registration_token already.")
def test_the_tools_page_opens_in_a_frame_with_its_two_parameters(begun: Registering) -> None:
    assert begun.frame.startswith("http://tool.test/register?from=canvas&openid_configuration=")
    assert set(begun.given) == {"from", "openid_configuration", "registration_token"}
    assert begun.given["openid_configuration"].endswith(f"?registration_token={begun.token}")


@fact("lti 4.2", "The token is a JWT with uuid, user, root account, registration_url and exp.")
@fact("lti 4.2", "The token is valid for one hour.")
def test_the_token_lives_an_hour(campus: Campus, begun: Registering) -> None:
    claims = jwt.decode(begun.token, options={"verify_signature": False})

    assert set(claims) == {
        "uuid",
        "initiated_at",
        "user_id",
        "root_account_global_id",
        "root_account_domain",
        "registration_url",
        "exp",
    }
    campus.waits(3590)
    assert begun.openid().status_code == 200
    campus.waits(20)
    assert begun.openid().status_code == begun.register().status_code == 401


@fact("lti 4.2", "The OpenID configuration is had with the token as a parameter or as a bearer.")
@fact("lti 4.2", "Without a token it answers 401 and says which parameter is missing.")
def test_the_openid_configuration_needs_the_token(begun: Registering) -> None:
    bare = begun.given["openid_configuration"].partition("?")[0]
    http = Browser(begun.browser.url).http

    assert http.get(bare, headers={"Authorization": f"Bearer {begun.token}"}).json() == begun.openid().json()
    refused = http.get(bare)
    assert refused.status_code == 401
    assert refused.json() == {
        "error": "Access token missing (You must include the registration_token parameter)."
    }
    assert http.get(bare, params={"registration_token": "x"}).status_code == 401


@fact("lti 4.2", "It names endpoints, methods, scopes and claims as the documentation lists them.")
@fact("lti 4.2", "It names Canvas, its version, its placements with prefix, its variables and the account.")
def test_the_openid_configuration_describes_this_canvas(begun: Registering) -> None:
    said, url = begun.openid().json(), begun.browser.url

    assert said["issuer"] == "https://canvas.instructure.com"
    assert said["authorization_endpoint"] == f"{url}/api/lti/authorize_redirect"
    assert said["registration_endpoint"] == f"{url}/api/lti/registrations"
    assert said["jwks_uri"] == f"{url}/api/lti/security/jwks"
    assert said["token_endpoint"] == f"{url}/login/oauth2/token"
    assert said["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert said["id_token_signing_alg_values_supported"] == ["RS256"]
    assert ROSTER in said["scopes_supported"]
    platform = said["https://purl.imsglobal.org/spec/lti-platform-configuration"]
    assert (platform["product_family_code"], platform["version"]) == ("canvas", "OpenSource")
    placements = platform["messages_supported"][0]["placements"]
    assert {CANVAS + "course_navigation", CANVAS + "student_context_card", "ContentArea"} <= set(placements)
    assert {"type": "LtiEulaRequest"} in platform["messages_supported"]
    assert "Canvas.user.id" in platform["variables"]
    assert platform[CANVAS + "account_name"] == "Campus"
    assert url.endswith(platform[CANVAS + "account_domain"])


@fact("lti 4.2", "Hosted Canvas calls its version vCloud.")
def test_a_hosted_canvas_calls_itself_cloud(campus: Campus) -> None:
    admin = campus.becomes(settings={"canvas_region": "eu-central-1"}).browser(c.ADMIN)

    platform = (
        Registering(admin).openid().json()["https://purl.imsglobal.org/spec/lti-platform-configuration"]
    )

    assert platform["version"] == "vCloud"


@fact("lti 4.2", "The answer echoes the registration, with client_id, without the scope openid.")
@fact("lti 4.2", "Since 2026 it has deployment_id and, in the tool configuration, registration_config_url.")
def test_the_answer_tells_client_and_deployment(begun: Registering) -> None:
    answer = begun.register().json()

    assert answer["client_id"] == NEW
    assert re.fullmatch(r"\d+:[0-9a-f]{40}", answer["deployment_id"])
    assert answer["scope"] == f"{ROSTER} {SCORE}"
    assert answer[TOOL]["messages"] == registration()[TOOL]["messages"]
    address = answer[TOOL][CANVAS + "registration_config_url"]
    assert address == f"{begun.browser.url}/api/lti/registrations/4/view"
    assert begun.browser.get(address).headers["location"] == f"{APPS}/{NEW}"


@fact("lti 4.2", "Older Canvas gives no deployment_id.")
def test_an_older_canvas_keeps_the_deployment_to_itself(campus: Campus) -> None:
    settings = {"registration_has_deployment_id": False}
    begun = Registering(campus.becomes(settings=settings).browser(c.ADMIN))

    answer = begun.register().json()

    assert "deployment_id" not in answer
    assert CANVAS + "registration_config_url" not in answer[TOOL]


REFUSED: list[tuple[dict[str, Any], str]] = [
    *[({name: None}, name) for name in registration() if name not in ("scope", TOOL)],
    ({TOOL: None}, TOOL),
    ({"application_type": "native"}, "application_type"),
    ({"grant_types": ["implicit"]}, "grant_types"),
    ({"response_types": ["code"]}, "response_types"),
    ({"redirect_uris": []}, "redirect_uris"),
    ({"token_endpoint_auth_method": "client_secret_post"}, "token_endpoint_auth_method"),
    ({"scope": "made-up"}, "scope"),
    ({"tool": {"domain": None}}, f"{TOOL}.domain"),
    ({"tool": {"domain": "https://tool.test"}}, f"{TOOL}.domain"),
    ({"tool": {"messages": None}}, f"{TOOL}.messages"),
    ({"tool": {"messages": [{}]}}, f"{TOOL}.messages[0].type"),
    ({"tool": {"claims": None}}, f"{TOOL}.claims"),
    ({"tool": {"custom_parameters": {"x": 1}}}, f"{TOOL}.custom_parameters"),
]


@fact(
    "lti 4.2",
    "Every required key is checked: a registration without it, or with another value, is refused.",
    uncertain="status and body of the refusal are inferred",
)
def test_a_registration_that_lacks_something_is_refused(begun: Registering) -> None:
    for changes, field in REFUSED:
        answer = begun.register(registration(**changes))
        assert answer.status_code == 422
        assert field in [problem["field"] for problem in answer.json()["errors"]]
    assert begun.register().status_code == 200


@fact("lti 4.2", "The domain of a tool may have a port.")
def test_a_domain_may_have_a_port(begun: Registering) -> None:
    assert begun.register(registration(tool={"domain": "localhost:8000"})).status_code == 200


@fact("lti 4.2", "A registration without a token is refused.")
@fact("lti 4.2", "A token registers one app only.", uncertain="not read in the source")
def test_a_token_registers_once(begun: Registering) -> None:
    assert begun.register(token="x").status_code == 401
    assert Browser(begun.browser.url).post("/api/lti/registrations", json=registration()).status_code == 401
    assert begun.register().status_code == 200
    assert begun.register().status_code == 401
    assert len(begun.browser.get(APPS).text.split("client ID 1000")) == 2


@fact("lti 4.2", "The tool ends by org.imsglobal.lti.close; then the administrator confirms the app.")
@fact("lti 4.2", "An app that registered itself is off until it is confirmed.")
def test_a_new_app_waits_for_its_confirmation(begun: Registering) -> None:
    admin = begun.browser
    assert "before it had registered" in admin.get(begun.closes).text
    begun.register()

    page = admin.get(admin.get(begun.closes).headers["location"]).text
    assert "Confirm this app" in page
    assert "Pairing" not in admin.get("/courses/100").text
    placements = ["course_navigation", "user_navigation"]
    confirm(admin, placements=placements, scopes=[ROSTER, SCORE], privacy_level="public")

    tool = int(
        begun.browser.get(f"{APPS}/{NEW}")
        .text.partition('deployment ID <span class="code">')[2]
        .split(":")[0]
    )
    request = admin.request_for(f"/courses/100/external_tools/{tool}/launch", redirect_uri=c.LAUNCH)
    form = c.Form(admin.authorize(request).text)
    claims = jwt.decode(form.fields["id_token"], options={"verify_signature": False})
    assert claims["aud"] == NEW
    assert claims[CLAIM + "target_link_uri"] == f"{c.LAUNCH}?placement=course"
    assert claims[CLAIM + "custom"] == {"user": "10"}
    assert "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice" in claims


@fact("lti 4.2", "The administrator can take placements, scopes and data away.")
def test_an_administrator_takes_things_away(campus: Campus, admin: Browser) -> None:
    document = c.configuration(scopes=[ROSTER, SCORE])
    admin.post(f"{APPS}/json", data={"configuration": json.dumps(document)})

    confirm(admin, placements=["course_navigation"], scopes=[SCORE], privacy_level="name_only")

    assert "My pairings" not in campus.browser(c.PARENT).get("/profile/settings").text
    browser = campus.browser(c.TEACHER)
    form = c.Form(browser.authorize(browser.request_for("/courses/100/external_tools/1/launch")).text)
    claims = jwt.decode(form.fields["id_token"], options={"verify_signature": False})
    assert "email" not in claims
    assert "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice" not in claims
    assert claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]["scope"] == [SCORE]


def configured(begun: Registering, **changes: Any) -> dict[str, Any]:
    """What Canvas makes of a registration."""
    begun.register(registration(**changes))
    state = begun.browser.get("/_sandbox/state").json()
    found: dict[str, Any] = next(row for row in state["lti_tools"] if row["client_id"] == NEW)
    return found


@fact("lti 4.2", "Without a privacy level it follows from the claims; with one, that is it.")
@pytest.mark.parametrize(
    ("claims", "extra", "level"),
    [
        (["sub", "name", "email"], {}, "public"),
        (["picture"], {}, "public"),
        (["name"], {}, "name_only"),
        (["https://purl.imsglobal.org/spec/lti/claim/lis"], {}, "name_only"),
        (["email"], {}, "email_only"),
        (["sub"], {}, "anonymous"),
        (["name", "email"], {CANVAS + "privacy_level": "anonymous"}, "anonymous"),
    ],
)
def test_the_privacy_level_follows_from_the_claims(
    begun: Registering, claims: list[str], extra: dict[str, str], level: str
) -> None:
    row = configured(begun, tool={"claims": claims, **extra})

    assert row["configuration"]["extensions"][0]["privacy_level"] == level


@fact(
    "lti 4.2", "Placements come bare or with prefix; ContentArea and RichTextEditor have names of their own."
)
@fact("lti 4.2", "A message without placements is for link_selection.")
@fact(
    "lti 4.2",
    "default_enabled false, visibility and display_type become the placement's; new_window a window.",
)
def test_messages_become_placements(begun: Registering) -> None:
    link = {"type": "LtiResourceLinkRequest"}
    row = configured(
        begun,
        tool={
            "messages": [
                {
                    **link,
                    "placements": [CANVAS + "course_navigation"],
                    CANVAS + "course_navigation/default_enabled": False,
                    CANVAS + "visibility": "admins",
                },
                {**link, "placements": ["account_navigation"], CANVAS + "display_type": "new_window"},
                {**link, "placements": ["RichTextEditor"], CANVAS + "display_type": "borderless"},
                link,
            ]
        },
    )

    found = {one["placement"]: one for one in row["configuration"]["extensions"][0]["settings"]["placements"]}
    assert list(found) == ["course_navigation", "account_navigation", "editor_button", "link_selection"]
    assert found["course_navigation"]["default"] == "disabled"
    assert found["course_navigation"]["visibility"] == "admins"
    assert found["account_navigation"]["windowTarget"] == "_blank"
    assert found["editor_button"]["display_type"] == "borderless"


@fact("lti 4.2", "A registered app's redirect URIs are those that it registered.")
def test_registered_redirect_uris_count(begun: Registering) -> None:
    assert configured(begun, redirect_uris=["http://tool.test/a", "http://tool.test/b"])["redirect_uris"] == [
        "http://tool.test/a",
        "http://tool.test/b",
    ]


@fact("lti 4.2", "The Apps page asks for the permission to manage LTI registrations.")
def test_apps_are_for_those_who_manage_them(campus: Campus) -> None:
    assert campus.browser(c.TEACHER).get(APPS).status_code == 403
    below = campus.browser(c.SUB_ADMIN)
    assert "Register a tool" not in below.get("/accounts/2/apps").text
    assert below.post("/accounts/2/apps/json", data={"configuration": "{}"}).status_code == 404
    few = [{"user_id": c.ADMIN, "account_id": 1, "permissions": ["read_roster"]}]
    browser = campus.becomes(admins=few).browser(c.ADMIN)
    assert browser.get(APPS).status_code == 403
    assert "/apps" not in browser.get("/accounts/1").text


@fact("lti 4.1", "A configuration needs title, description, target_link_uri and oidc_initiation_url.")
@fact("lti 4.1", "A configuration needs public_jwk or public_jwk_url.")
@fact("lti 4.1", "It needs an extension for canvas.instructure.com with settings.placements.")
@pytest.mark.parametrize(
    "missing",
    ["title", "description", "target_link_uri", "oidc_initiation_url", "public_jwk_url", "extensions"],
)
def test_a_pasted_configuration_says_what_it_lacks(admin: Browser, missing: str) -> None:
    document = {name: value for name, value in c.configuration().items() if name != missing}

    answer = admin.post(f"{APPS}/json", data={"configuration": json.dumps(document)})

    assert answer.status_code == 422
    assert "cannot be registered" in answer.text
    assert "No apps yet" in answer.text
    assert admin.post(f"{APPS}/json", data={"configuration": "{"}).status_code == 422


@fact("lti 4.1", "privacy_level is anonymous, name_only, email_only or public; anonymous when absent.")
def test_a_made_up_privacy_level_is_refused(admin: Browser) -> None:
    document = c.configuration(privacy_level="secret")

    assert admin.post(f"{APPS}/json", data={"configuration": json.dumps(document)}).status_code == 422


@fact(
    "lti 4.1",
    "The launch URLs of the configuration are the redirect URIs when the key names none.",
    uncertain="from memory",
)
def test_an_app_is_registered_by_hand(campus: Campus, admin: Browser) -> None:
    form = {
        "title": "By hand",
        "description": "x",
        "target_link_uri": c.LAUNCH,
        "oidc_initiation_url": "http://tool.test/lti/login",
        "public_jwk_url": "http://tool.test/jwks",
        "custom_fields": "user=$Canvas.user.id\n",
        "placements": "course_navigation",
    }
    assert admin.post(f"{APPS}/manual", data=form).status_code == 303
    confirm(admin, placements=["course_navigation"])

    browser = campus.browser(c.STUDENT)

    assert "By hand" in browser.get("/courses/100").text
    assert "id_token" in browser.authorize(browser.request_for("/courses/100/external_tools/1/launch")).text


@fact("lti 4.1", "An app may be registered by the address of its configuration.")
def test_an_address_that_cannot_be_had_registers_nothing(admin: Browser) -> None:
    answer = admin.post(f"{APPS}/url", data={"url": "http://localhost:9/config.json"})

    assert answer.status_code == 422
    assert "cannot be read" in answer.text


@fact("lti 1.2", "The registration is found by issuer and client_id, then the deployment by its id.")
@fact("lti 2.1", "deployment_id is the tool's number and the opaque id of the account or course it is in.")
def test_one_app_may_be_deployed_several_times(campus: Campus) -> None:
    rows = c.tool() + [
        {"client_id": c.TOOL, "account_id": 2},
        {"client_id": c.TOOL, "course_id": c.OTHER_COURSE},
    ]
    campus.becomes(lti_tools=rows)
    admin = campus.browser(c.ADMIN)

    ids = [row["deployment_id"] for row in campus.state()["lti_tools"]]
    launched = [
        admin.launch(f"/courses/{course}/external_tools/{tool}/launch")
        for course, tool in ((c.COURSE, 1), (c.COURSE, 2), (c.OTHER_COURSE, 3))
    ]

    assert [claims[CLAIM + "deployment_id"] for claims in launched] == ids
    assert ids[0] == "1:abcd"
    assert ids[2] == f"3:{launched[2][CLAIM + 'context']['id']}"
    assert {claims["aud"] for claims in launched} == {c.TOOL}
    assert admin.get("/courses/100/external_tools/3/launch").status_code == 404
    assert campus.browser(c.OUTSIDER).get("/courses/500").text.count("external_tools") == 0


def test_an_administrator_deploys_switches_and_deletes(campus: Campus) -> None:
    admin, student = campus.browser(c.ADMIN), campus.browser(c.STUDENT)
    app = f"{APPS}/{c.TOOL}"
    seen = lambda: "Pairing</a>" in student.get("/courses/100").text  # noqa: E731

    admin.post(f"{app}/deployments/1/availability", data={"account_id": 2, "available": "0"})
    assert not seen()
    admin.post(f"{app}/deployments/1/availability", data={"course_id": c.COURSE, "available": "1"})
    assert seen()
    assert "Pairing</a>" not in campus.browser(c.BOTH).get("/courses/200").text
    campus.sandbox.use(campus.state())
    student.log_in(c.STUDENT)
    admin.log_in(c.ADMIN)
    assert seen()
    admin.post(f"{app}/deployments/1/delete")
    assert not seen()
    assert campus.state()["lti_registrations"][0]["client_id"] == c.TOOL
    admin.post(f"{app}/deployments", data={"account_id": 2})
    assert seen()
    assert admin.post(f"{app}/deployments", data={"course_id": c.FOREIGN_COURSE}).status_code == 404
    admin.post(f"{app}/delete")
    assert not seen()
    assert admin.get(app).status_code == 404


@fact("lti 1.3", "The key's binding for the account must be on, also when it is switched off in mid-launch.")
def test_an_app_that_is_switched_off_finishes_no_launch(campus: Campus) -> None:
    teacher, admin = campus.browser(c.TEACHER), campus.browser(c.ADMIN)
    request = teacher.request_for("/courses/100/external_tools/1/launch")

    admin.post(f"{APPS}/{c.TOOL}", data={"placements": ["course_navigation"]})

    assert "Pairing</a>" not in teacher.get("/courses/100").text
    form = c.Form(teacher.authorize(request).text)
    assert form.fields["error"] == "unauthorized_client"


def test_a_teacher_adds_an_app_to_a_course_by_its_client_id(campus: Campus) -> None:
    campus.becomes(lti_tools=[c.tool()[0] | {"course_id": c.OTHER_COURSE, "deployment_id": "1:x"}])
    teacher = campus.browser(c.TEACHER)
    assert "Pairing</a>" not in teacher.get("/courses/100").text

    teacher.post("/courses/100/apps", data={"client_id": c.TOOL})

    assert "Pairing</a>" in teacher.get("/courses/100").text
    assert teacher.post("/courses/100/apps", data={"client_id": "1"}).status_code == 404
    assert campus.browser(c.STUDENT).post("/courses/100/apps", data={"client_id": c.TOOL}).status_code == 403


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (c.tool() * 2, "lti_tools[1].configuration: only the first row"),
        (c.tool() + [{"client_id": c.TOOL, "deployment_id": "1:abcd"}], "lti_tools[1].deployment_id: this"),
        ([c.tool()[0] | {"course_id": 9}], "lti_tools[0].course_id: there is no 9"),
        ([c.tool()[0] | {"privacy_level": "x"}], "lti_tools[0].privacy_level: must be one of"),
        (
            [c.tool()[0] | {"context_controls": [{}]}],
            "lti_tools[0].context_controls[0].account_id: give either",
        ),
    ],
)
def test_a_world_with_odd_apps_is_explained(campus: Campus, rows: list[Any], complaint: str) -> None:
    answer = campus.sandbox.call("PUT", "/_sandbox/state", json=c.WORLD | {"lti_tools": rows})

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(complaint)


def test_a_world_with_apps_is_dumped_and_read_back(campus: Campus) -> None:
    described = {
        **c.tool()[0],
        "enabled": False,
        "redirect_uris": [c.LAUNCH],
        "disabled_placements": ["user_navigation"],
        "scopes": [SCORE],
        "privacy_level": "name_only",
        "context_controls": [{"account_id": 2, "available": False}],
    }
    idle = {"client_id": "10000000000009", "configuration_url": "http://tool.test/config.json"}
    settings = {"canvas_environment": "beta", "card_student_id": "local", "jti_once": True}
    campus.becomes(
        lti_tools=[described, {"client_id": c.TOOL, "course_id": c.COURSE}],
        lti_registrations=[idle],
        settings=settings,
    )
    first = campus.state()

    campus.sandbox.use(first)

    assert {**campus.state(), "clock": None} == {**first, "clock": None}
    kept = first["lti_tools"][0]
    assert kept.pop("context_controls")[0].items() >= described.pop("context_controls")[0].items()
    assert kept.items() >= described.items()
    assert first["lti_registrations"][0].items() >= idle.items()
    assert first["settings"].items() >= settings.items()
