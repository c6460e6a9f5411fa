"""What a tool may call by itself: service tokens, names and roles."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from jwt.algorithms import RSAAlgorithm

from sandbox.throttle import bucket_key
from tests.facts import fact
from tests.sandbox import campus as c
from tests.sandbox.campus import CLAIM, Browser, Campus

ROSTER = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MEMBER = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
ROSTER_PATH = f"/api/lti/courses/{c.COURSE}/names_and_roles"
KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
JWK = json.loads(RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "k1", "alg": "RS256", "use": "sig"}


class Tool:
    """The tool's server: calls Canvas with its own key."""

    def __init__(self, campus: Campus, **changes: Any) -> None:
        keys = {"public_jwk_url": None, "public_jwk": JWK}
        document = c.configuration(**{**keys, "scopes": [ROSTER, SCORE], **changes})
        self.campus = campus.becomes(lti_tools=[c.tool()[0] | {"configuration": document}])
        self.http = Browser(campus.url).http
        self.address = f"{campus.url}/login/oauth2/token"

    def assertion(self, key: Any = KEY, kid: str = "k1", **changes: Any) -> str:
        now = int(time.time())
        claims = {"iss": "tool", "sub": c.TOOL, "aud": self.address, "iat": now, "exp": now + 60, "jti": "j"}
        kept = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.api_jws.encode(json.dumps(kept).encode(), key, "RS256", headers={"kid": kid, "typ": "JWT"})

    def asks(self, assertion: str | None = None, **form: str) -> httpx.Response:
        usual = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION,
            "client_assertion": assertion or self.assertion(),
            "scope": ROSTER,
        }
        return self.http.post("/login/oauth2/token", data=usual | form)

    def token(self, **form: str) -> str:
        return str(self.asks(**form).json()["access_token"])

    def roster(self, path: str = ROSTER_PATH, token: str | None = None, **params: Any) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {token or self.token()}"}
        return self.http.get(path, headers=bearer, params=params or None)

    def members(self, **params: Any) -> dict[str, dict[str, Any]]:
        return {member["user_id"]: member for member in self.roster(**params).json()["members"]}


@pytest.fixture
def tool(campus: Campus) -> Tool:
    return Tool(campus)


@pytest.fixture
def keyset() -> Iterator[dict[str, Any]]:
    """The tool's key set at its address; change `body` to answer otherwise."""
    served: dict[str, Any] = {"body": json.dumps({"keys": [JWK]}).encode()}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            self.send_response(200)
            self.send_header("Content-Length", str(len(served["body"])))
            self.end_headers()
            self.wfile.write(served["body"])

        def log_message(self, format: str, *args: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        served["url"] = f"http://127.0.0.1:{server.server_port}/jwks"
        yield served
        server.shutdown()


@fact("lti 6.1", "client_credentials with a signed assertion gives a JWT for an hour, without refresh token.")
@fact("lti 6.1", "The token's claims are iss, sub, aud, iat, exp, jti, scopes and the account's uuid.")
def test_an_assertion_becomes_a_service_token(tool: Tool) -> None:
    answer = tool.asks(scope=f"{ROSTER} {SCORE}")

    body = answer.json()
    claims = jwt.decode(body.pop("access_token"), options={"verify_signature": False})
    assert body == {"token_type": "Bearer", "expires_in": 3600, "scope": f"{ROSTER} {SCORE}"}
    assert claims["sub"] == c.TOOL
    assert claims["scopes"] == f"{ROSTER} {SCORE}"
    assert {"iss", "aud", "iat", "exp", "jti", "canvas.instructure.com"} <= set(claims)
    assert set(claims["canvas.instructure.com"]) == {"account_uuid"}


@fact("lti 6.1", "`aud` is the token address of the school's domain or of the sso host; a list will do.")
def test_either_token_address_is_the_audience(tool: Tool) -> None:
    for aud in (tool.address, "https://sso.canvaslms.com/login/oauth2/token", [tool.address]):
        assert tool.asks(tool.assertion(aud=aud)).status_code == 200
    beta = "https://sso.beta.canvaslms.com/login/oauth2/token"
    assert tool.asks(tool.assertion(aud=beta)).status_code == 400


@fact("lti 6.1", "iss, sub, aud, iat, exp and jti are required; iss may be any text.")
@fact("lti 6.1", "iat may be 5 minutes old and 30 seconds ahead.", uncertain="read in an old version")
@fact("lti 6.1", "Every problem of the assertion is told at once, joined by a bar, as invalid_request.")
def test_wrong_assertions_are_refused_with_canvas_texts(tool: Tool) -> None:
    now = int(time.time())
    for changes, text in (
        ({"iss": None, "jti": None}, "the following assertions are missing: iss,jti"),
        ({"aud": "http://x.test/"}, "the 'aud' is invalid"),
        ({"exp": now - 1}, "the JWT has expired"),
        ({"exp": "soon"}, "the 'exp' must be a number"),
        ({"iat": now - 310}, "the 'iat' must be less than 300 seconds old"),
        ({"iat": now + 60}, "the 'iat' must not be in the future"),
        ({"aud": "x", "exp": now - 1}, "the 'aud' is invalid | the JWT has expired"),
    ):
        answer = tool.asks(tool.assertion(**changes))
        assert answer.status_code == 400
        assert answer.json() == {"error": "invalid_request", "error_description": text}
    assert tool.asks(tool.assertion(iat=now - 280)).status_code == 200
    assert tool.asks(tool.assertion(iat=now + 20)).status_code == 200


@fact("lti 6.1", "A signature of another key is refused with `JWS signature invalid.`")
@fact("lti 6.1", "An unknown key is 401 invalid_client, `unknown client`.")
@fact("lti 6.1", "Another kind of assertion is `assertion method not supported for this grant_type`.")
@fact("lti 6.1", "A scope that the key lacks is invalid_scope, and named.")
def test_wrong_callers_are_refused_with_canvas_texts(tool: Tool) -> None:
    forged, unknown = tool.asks(tool.assertion(OTHER_KEY)), tool.asks(tool.assertion(sub="1"))
    method, scope = tool.asks(client_assertion_type="x"), tool.asks(scope=f"{ROSTER} made:up")

    assert (forged.status_code, forged.json()["error_description"]) == (400, "JWS signature invalid.")
    assert unknown.status_code == 401
    assert unknown.json() == {"error": "invalid_client", "error_description": "unknown client"}
    assert unknown.headers["www-authenticate"] == "Canvas OAuth 2.0"
    text = "assertion method not supported for this grant_type"
    assert (method.status_code, method.json()["error_description"]) == (400, text)
    assert (scope.status_code, scope.json()["error"]) == (400, "invalid_scope")
    assert scope.json()["error_description"].endswith("were requested, but not granted: made:up")
    assert tool.asks("garbage").status_code == 400


@fact("lti 6.1", "Scopes that the administrator took away are refused.", uncertain="not read in the source")
def test_scopes_taken_away_are_refused(tool: Tool) -> None:
    row = tool.campus.state()["lti_tools"][0] | {"scopes": [SCORE]}
    tool.campus.becomes(lti_tools=[row])

    assert tool.asks().json()["error"] == "invalid_scope"
    assert tool.asks(scope=SCORE).status_code == 200


@fact("lti 6.1", "The same jti may come again.", uncertain="the replay check was skipped in the version read")
def test_a_world_may_insist_on_fresh_jtis(tool: Tool) -> None:
    assertion = tool.assertion()
    assert [tool.asks(assertion).status_code for _ in range(2)] == [200, 200]
    state = tool.campus.state()
    tool.campus.becomes(lti_tools=state["lti_tools"], settings={"jti_once": True})
    assert [tool.asks(assertion).status_code for _ in range(2)] == [200, 400]


@fact("lti 6.1", "With a JWKS address the key is fetched there, and the header's kid must name it.")
@fact("lti 6.1", "A JWKS that is no JSON is refused with `JWK Error: Invalid JSON`.")
@fact("lti 6.1", "Other trouble with the JWKS is `JWK Error: …`.", uncertain="only the beginning was read")
def test_the_tools_keys_are_fetched_from_their_address(campus: Campus, keyset: dict[str, Any]) -> None:
    tool = Tool(campus, public_jwk_url=keyset["url"], public_jwk=None)

    def refused() -> str:
        return str(tool.asks(tool.assertion()).json()["error_description"])

    assert tool.asks().status_code == 200
    assert tool.asks(tool.assertion(kid="k2")).json()["error_description"].startswith("JWK Error: ")
    keyset["body"] = b"<html>"
    assert refused() == "JWK Error: Invalid JSON"
    keyset["body"] = b"[]"
    assert refused() == "JWK Error: Invalid JSON"
    rotated = json.loads(RSAAlgorithm.to_jwk(OTHER_KEY.public_key())) | {"kid": "k1", "alg": "RS256"}
    keyset["body"] = json.dumps({"keys": [rotated]}).encode()
    assert refused() == "JWS signature invalid."


@fact("lti 6.1", "Every token request costs 200 of the caller's bucket.")
def test_a_token_request_costs_two_hundred(tool: Tool) -> None:
    assert float(tool.asks().headers["x-request-cost"]) >= 200


@fact("lti 8", "All calls of a tool's services share one bucket, whatever token they carry.")
def test_a_tools_services_share_a_bucket(tool: Tool) -> None:
    app = Flask(__name__)

    def key(token: str, path: str = ROSTER_PATH) -> str:
        with app.test_request_context(path, headers={"Authorization": f"Bearer {token}"}):
            return bucket_key()

    one, other = tool.token(), tool.token(scope=SCORE)
    assert one != other
    assert key(one) == key(other) == c.TOOL
    assert key(one, "/api/v1/users/self") != key(other, "/api/v1/users/self")


@fact("lti 6.2", "Names and roles has its own media type, the request's address as id, and the context.")
@fact(
    "lti 6.2", "Every member is Active, with sub, LTI 1.1 id and context roles; missing values are left out."
)
def test_a_roster_names_everybody_once(tool: Tool) -> None:
    answer = tool.roster()

    body = answer.json()
    assert answer.headers["content-type"] == "application/vnd.ims.lis.v2.membershipcontainer+json"
    assert body["id"] == str(answer.url)
    assert (body["context"]["label"], body["context"]["title"]) == ("BIO101", "Biology 101")
    names = [member["name"] for member in body["members"]]
    assert sorted(names) == sorted({*names})
    assert "Fay Former" not in names
    ida = next(member for member in body["members"] if member["name"] == "Ida Teacher")
    assert ida == {
        "status": "Active",
        "name": "Ida Teacher",
        "given_name": "Ida",
        "family_name": "Teacher",
        "email": "ida@campus.example",
        "picture": ida["picture"],
        "lis_person_sourcedid": "S-ida",
        "user_id": tool.campus.browser(c.TEACHER).launch("/courses/100/external_tools/1/launch")["sub"],
        "lti11_legacy_user_id": ida["lti11_legacy_user_id"],
        "roles": [MEMBER + "Instructor"],
    }


@fact("lti 6.2", "By default there is no numeric id and no section in a roster.")
@fact("lti 6.2", "The privacy level decides about name, SIS id, e-mail and picture.")
@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("anonymous", set()),
        ("email_only", {"email"}),
        ("name_only", {"name", "given_name", "family_name", "lis_person_sourcedid"}),
    ],
)
def test_a_roster_respects_the_privacy_level(campus: Campus, level: str, shown: set[str]) -> None:
    always = {"status", "user_id", "lti11_legacy_user_id", "roles"}

    for member in Tool(campus, privacy_level=level).members().values():
        assert set(member) == always | shown


@fact("lti 6.2", "A person with several enrollments appears once, with the roles of all.")
def test_roles_of_all_enrollments_are_merged(tool: Tool) -> None:
    more = c.enrollment(c.PARENT, c.COURSE, "Student", 1002)
    state = tool.campus.state()
    tool.campus.becomes(lti_tools=state["lti_tools"], enrollments=[*c.WORLD["enrollments"], more])

    pat = [member for member in tool.members().values() if member["name"] == "Pat Parent"]

    assert [member["roles"] for member in pat] == [[MEMBER + "Learner", MEMBER + "Mentor"]]


@fact(
    "lti 6.2", "`role` filters by a context role; unknown, institution and system roles give an empty list."
)
def test_a_roster_may_be_asked_for_one_role(tool: Tool) -> None:
    def named(role: str) -> set[str]:
        return {member["name"] for member in tool.members(role=role).values()}

    assert named(MEMBER + "Learner") == {"Bo Both", "Lin Learner", "Max Learner"}
    assert named(MEMBER + "Mentor") == {"Pat Parent", "Olu Onlooker"}
    assert "Tom Helper" in named(MEMBER + "Instructor")
    for role in ("Learner", MEMBER.replace("membership", "institution/person") + "Student", "x"):
        assert named(role) == set()


@fact("lti 6.2", "A page has 50 members, and never more; `limit` wins over `per_page`.")
@fact("lti 6.2", "The link header names the next page.")
def test_a_roster_comes_in_pages_of_fifty(tool: Tool) -> None:
    many = [c.person(1000 + n, f"Kid {n}", f"kid{n}") for n in range(60)]
    rows = [c.enrollment(1000 + n, c.COURSE, "Student") for n in range(60)]
    world = {"users": [*c.WORLD["users"], *many], "enrollments": [*c.WORLD["enrollments"], *rows]}
    tool.campus.becomes(lti_tools=tool.campus.state()["lti_tools"], **world)
    token = tool.token()

    first, big = tool.roster(token=token), tool.roster(token=token, per_page=100)
    second = tool.roster(first.links["next"]["url"], token)
    few = tool.roster(token=token, per_page=20, limit=3)

    assert len(first.json()["members"]) == len(big.json()["members"]) == 50
    assert len(second.json()["members"]) == 18
    assert "next" not in second.links
    assert len(few.json()["members"]) == 3


CUSTOM = {
    "user_id": "$Canvas.user.id",
    "sections": "$Canvas.course.sectionIds",
    "zone": "$Person.address.timezone",
    "mixed": "u=${Canvas.user.id}&r=${Canvas.membership.roles}",
    "roles": "$Canvas.membership.roles",
    "held": "$Canvas.membership.permissions<read_roster>",
}


@fact("lti 6.2", "rlid adds a message with each member's custom parameters; the context's own id will do.")
@fact("lti 6.2", "Only whitelisted variables are expanded in it.")
@fact("lti 6.2", "Custom fields of a placement are not in it, only the tool's own.")
@fact(
    "lti 6.2",
    "So a roster has numeric ids and sections without any REST token.",
    uncertain="inferred from the serializer, no capture",
)
def test_an_rlid_tells_each_members_custom_fields(campus: Campus) -> None:
    placement = {"placement": "course_navigation", "custom_fields": {"only_here": "x"}}
    tool = Tool(campus, custom_fields=CUSTOM, placements=[placement])
    context_id = tool.roster().json()["context"]["id"]

    by_name = {member["name"]: member for member in tool.members(rlid=context_id).values()}

    message = by_name["Ida Teacher"]["message"]
    assert len(message) == 1
    assert message[0][CLAIM + "message_type"] == "LtiResourceLinkRequest"
    assert message[0]["locale"] == "en"
    assert message[0][CLAIM + "custom"] == {
        "user_id": "20",
        "sections": "1001,1002",
        "zone": "$Person.address.timezone",
        "mixed": "u=20&r=${Canvas.membership.roles}",
        "roles": "$Canvas.membership.roles",
        "held": "$Canvas.membership.permissions<read_roster>",
    }
    assert by_name["Max Learner"]["message"][0][CLAIM + "custom"]["sections"] == "1002"


@fact("lti 6.2", "An rlid that is malformed or of another link is 400 with a text of its own.")
def test_another_rlid_is_refused(tool: Tool) -> None:
    for rlid, text in (
        ("x", "Invalid 'rlid' parameter"),
        ("0" * 40, "Tool does not have access to rlid or rlid does not exist"),
    ):
        answer = tool.roster(rlid=rlid)
        assert answer.status_code == 400
        assert answer.json()["errors"]["message"] == text


@fact("lti 6.2", "Errors of services are an object under `errors`, with type and message.")
@fact(
    "lti 6.2", "`type` is the status in Rails's word for it.", uncertain="the form of the type was not read"
)
@fact("lti 6.2", "Missing, odd, forged and expired tokens have texts of their own, all 401.")
def test_tokens_that_open_nothing_are_told_apart(tool: Tool) -> None:
    good = tool.token()
    forged = jwt.encode(jwt.decode(good, options={"verify_signature": False}), "x" * 32, "HS256")

    assert tool.http.get(ROSTER_PATH).json() == {
        "errors": {"type": "unauthorized", "message": "Missing access token"}
    }
    for token, text in ((forged, "Invalid access token"), ("x", "Invalid access token format")):
        answer = tool.roster(token=token)
        assert (answer.status_code, answer.json()["errors"]["message"]) == (401, text)
    few = tool.roster(token=tool.token(scope=SCORE))
    assert (few.status_code, few.json()["errors"]["message"]) == (401, "Insufficient permissions")
    tool.campus.waits(3601)
    late = tool.roster(token=good)
    assert (late.status_code, late.json()["errors"]["message"]) == (401, "Access token expired")


@fact("lti 6.2", "A key that is off is 401 `Unknown or inactive Developer Key`.")
def test_an_app_that_is_off_reads_nothing(tool: Tool) -> None:
    token = tool.token()
    tool.campus.browser(c.ADMIN).post(f"/accounts/1/apps/{c.TOOL}", data={"privacy_level": "public"})

    answer = tool.roster(token=token)

    assert (answer.status_code, answer.json()["errors"]["message"]) == (
        401,
        "Unknown or inactive Developer Key",
    )
    assert tool.asks().status_code == 401


@fact("lti 6.2", "A course that is not there is 404, one where the tool is not deployed 401.")
@fact("lti 6.2", "Groups have rosters at an address of their own; here there are none.")
def test_other_places_are_refused(tool: Tool) -> None:
    token = tool.token()
    for path, status, text in (
        ("/api/lti/courses/999/names_and_roles", 404, "Context not found"),
        ("/api/lti/groups/1/names_and_roles", 404, "Context not found"),
        (
            f"/api/lti/courses/{c.FOREIGN_COURSE}/names_and_roles",
            401,
            "Access Token not linked to a Tool associated with this Context",
        ),
    ):
        answer = tool.roster(path, token)
        assert (answer.status_code, answer.json()["errors"]["message"]) == (status, text)


@fact(
    "lti 2.1", "The roster's address is in launches from courses when the key has the scope, and only then."
)
@fact("lti 2.3", "A launch from an account has no roster claim.")
def test_a_launch_tells_where_the_roster_is(tool: Tool) -> None:
    name = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"

    course = tool.campus.browser(c.TEACHER).launch("/courses/100/external_tools/1/launch")
    account = tool.campus.browser(c.ADMIN).launch("/accounts/2/external_tools/1/launch")

    assert course[name] == {
        "context_memberships_url": f"{tool.campus.url}{ROSTER_PATH}",
        "service_versions": ["2.0"],
    }
    assert name not in account
    plain = Tool(tool.campus, scopes=[]).campus.browser(c.TEACHER)
    assert name not in plain.launch("/courses/100/external_tools/1/launch")


@fact("lti 6.2", "A request without User-Agent is refused with 403, services included.")
def test_services_want_a_user_agent(tool: Tool) -> None:
    bearer = {"Authorization": f"Bearer {tool.token()}", "User-Agent": ""}

    assert tool.http.get(ROSTER_PATH, headers=bearer).status_code == 403
