"""A small campus for the browser-side tests, and a browser that clicks without a screen."""

import html
import re
import ssl
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt

from tests.sandbox.running import Sandbox

TOOL = "10000000000002"
KEY = "10000000000001"
SCOPED_KEY = "10000000000003"
SECRET = "key-secret"
CALLBACK = "http://app.test/oauth/callback"
LAUNCH = "http://tool.test/lti/launch"
# Made once: it takes longer than a request.
TLS = ssl.create_default_context()
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"

ADMIN, SUB_ADMIN, TEACHER, TA, DESIGNER, BOTH = 10, 11, 20, 21, 22, 23
STUDENT, SECOND_STUDENT, FORMER_STUDENT = 30, 31, 32
PARENT, COURSE_OBSERVER, STRANGER, OUTSIDER = 40, 41, 50, 60
COURSE, OTHER_COURSE, CONCLUDED, UNPUBLISHED, FOREIGN_COURSE = 100, 200, 300, 400, 500

VARIABLES = {
    "user": "$Canvas.user.id",
    "Course-Id": "$Canvas.course.id",
    "account": "$Canvas.account.id",
    "root": "$Canvas.rootAccount.id",
    "sections": "$Canvas.course.sectionIds",
    "section_names": "$com.instructure.User.sectionNames",
    "restricted": "$Canvas.course.sectionRestricted",
    "roles": "$Canvas.membership.roles",
    "permissions": "$Canvas.membership.permissions<read_roster,manage_grades,nonsense>",
    "state": "$Canvas.enrollment.enrollmentState",
    "root_admin": "$Canvas.user.isRootAccountAdmin",
    "adminable": "$Canvas.user.adminableAccounts",
    "login": "$Canvas.user.loginId",
    "sis": "$Canvas.user.sisSourceId",
    "observees": "$com.instructure.User.observees",
    "observee_sis": "$com.instructure.Observee.sisIds",
    "masquerader": "$Canvas.masqueradingUser.id",
    "masquerader_sub": "$Canvas.masqueradingUser.userId",
    "student_view": "$com.instructure.User.student_view",
    "api": "$Canvas.api.baseUrl",
    "term_end": "$Canvas.term.endAt",
    "email": "$Person.email.primary",
    "unknown": "$No.such.variable",
    "mixed": "u=${Canvas.user.id}&c=${Canvas.course.id}",
    "plain": "text",
}


def configuration(**changes: Any) -> dict[str, Any]:
    """The tool's JSON; `privacy_level` and `placements` can be given."""
    placements = changes.pop("placements", None) or [
        {
            "placement": "course_navigation",
            "text": "Pairing",
            "target_link_uri": f"{LAUNCH}?placement=course",
        },
        {"placement": "account_navigation", "text": "Pairing reports"},
        {"placement": "user_navigation", "text": "My pairings", "custom_fields": {"plain": "of placement"}},
    ]
    return {
        "title": "Pairing tool",
        "description": "For tests",
        "target_link_uri": LAUNCH,
        "oidc_initiation_url": "http://tool.test/lti/login",
        "public_jwk_url": "http://tool.test/lti/jwks.json",
        "custom_fields": VARIABLES,
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "privacy_level": changes.pop("privacy_level", "public"),
                "settings": {"placements": placements},
            }
        ],
        **changes,
    }


def person(id: int, name: str, login: str, account_id: int = 1) -> dict[str, Any]:
    """A user whose password is `password`."""
    row = {"account_id": account_id, "unique_id": login, "password": "password", "sis_user_id": f"S-{login}"}
    return {"id": id, "name": name, "email": f"{login}@campus.example", "logins": [row]}


def enrollment(user: int, course: int, kind: str, section: int | None = None, **more: Any) -> dict[str, Any]:
    """A row in the course's first section unless another is named."""
    row = {"user_id": user, "course_id": course, "section_id": section or course * 10 + 1}
    return {**row, "type": f"{kind}Enrollment", **more}


def course(id: int, name: str, code: str, account_id: int = 2, state: str = "available") -> dict[str, Any]:
    """A course with the sections A and B."""
    sections = [{"id": id * 10 + 1, "name": "A"}, {"id": id * 10 + 2, "name": "B"}]
    row = {"id": id, "account_id": account_id, "name": name, "course_code": code}
    return {**row, "workflow_state": state, "sections": sections}


WORLD: dict[str, Any] = {
    "accounts": [
        {"id": 1, "name": "Campus", "domain": "localhost"},
        {"id": 2, "name": "College", "parent_account_id": 1},
        {"id": 3, "name": "Elsewhere", "domain": "127.0.0.1"},
    ],
    "users": [
        person(ADMIN, "Ada Admin", "ada"),
        person(SUB_ADMIN, "Sven Sub", "sven"),
        person(TEACHER, "Ida Teacher", "ida"),
        person(TA, "Tom Helper", "tom"),
        person(DESIGNER, "Dee Signer", "dee"),
        person(BOTH, "Bo Both", "bo"),
        person(STUDENT, "Lin Learner", "lin"),
        person(SECOND_STUDENT, "Max Learner", "max"),
        person(FORMER_STUDENT, "Fay Former", "fay"),
        person(PARENT, "Pat Parent", "pat"),
        person(COURSE_OBSERVER, "Olu Onlooker", "olu"),
        person(STRANGER, "Sam Stranger", "sam"),
        person(OUTSIDER, "Omar Outsider", "omar", account_id=3),
    ],
    "admins": [{"user_id": ADMIN, "account_id": 1}, {"user_id": SUB_ADMIN, "account_id": 2}],
    "courses": [
        course(COURSE, "Biology 101", "BIO101"),
        course(OTHER_COURSE, "Chemistry", "CHE"),
        course(CONCLUDED, "Old History", "HIS", state="completed"),
        course(UNPUBLISHED, "Draft", "DRA", state="unpublished"),
        course(FOREIGN_COURSE, "Foreign", "FOR", account_id=3),
    ],
    "enrollments": [
        enrollment(TEACHER, COURSE, "Teacher"),
        enrollment(TEACHER, COURSE, "Teacher", 1002),
        enrollment(TEACHER, CONCLUDED, "Teacher"),
        enrollment(TEACHER, UNPUBLISHED, "Teacher"),
        enrollment(TA, COURSE, "Ta", limit_to_section=True),
        enrollment(DESIGNER, COURSE, "Designer"),
        enrollment(BOTH, COURSE, "Student", 1002),
        enrollment(BOTH, OTHER_COURSE, "Teacher"),
        enrollment(STUDENT, COURSE, "Student"),
        enrollment(STUDENT, UNPUBLISHED, "Student"),
        enrollment(SECOND_STUDENT, COURSE, "Student", 1002),
        enrollment(FORMER_STUDENT, COURSE, "Student", state="completed"),
        enrollment(PARENT, COURSE, "Observer", associated_user_id=STUDENT),
        enrollment(COURSE_OBSERVER, COURSE, "Observer"),
        enrollment(OUTSIDER, FOREIGN_COURSE, "Teacher"),
    ],
    "observation_links": [{"observer_id": PARENT, "student_id": STUDENT, "root_account_id": 1}],
    "pairing_codes": [{"user_id": SECOND_STUDENT, "code": "aB3dE9", "expires_at": "2035-01-01T00:00:00Z"}],
    "developer_keys": [
        {"client_id": KEY, "client_secret": SECRET, "redirect_uris": [CALLBACK], "name": "Pairing"},
        {
            "client_id": SCOPED_KEY,
            "client_secret": SECRET,
            "redirect_uris": [CALLBACK],
            "scopes": ["url:GET|/api/v1/courses", "url:GET|/api/v1/users/:id"],
        },
    ],
    "lti_tools": [
        {"client_id": TOOL, "deployment_id": "1:abcd", "account_id": 1, "configuration": configuration()}
    ],
}


def tool(**changes: Any) -> list[dict[str, Any]]:
    """The installed tool with another configuration."""
    return [{**WORLD["lti_tools"][0], "configuration": configuration(**changes)}]


class Form:
    """The one form of a page that is posted by itself."""

    def __init__(self, page: str) -> None:
        actions = re.findall(r'<form method="post" action="([^"]*)"', page)
        assert len(actions) == 1, page
        self.action = html.unescape(actions[0])
        inputs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
        self.fields = {html.unescape(name): html.unescape(value) for name, value in inputs}


class Browser:
    """One person's browser; follows no redirect by itself."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, headers={"User-Agent": "campus tests"}, verify=TLS)
        self.get, self.post = self.http.get, self.http.post

    def log_in(self, user_id: int) -> "Browser":
        """Click a persona."""
        answer = self.post("/login/canvas", data={"user_id": user_id})
        assert answer.status_code == 302, answer.text
        return self

    def initiation(self, path: str) -> Form:
        """The form that opens a tool at its login initiation URL."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return Form(answer.text)

    def request_for(self, path: str, **changes: str | None) -> dict[str, str]:
        """A correct authentication request for a fresh launch, with some parameters changed or left out."""
        sent = self.initiation(path).fields
        request: dict[str, str | None] = {
            "client_id": sent["client_id"],
            "login_hint": sent["login_hint"],
            "lti_message_hint": sent["lti_message_hint"],
            "redirect_uri": sent["target_link_uri"],
            "nonce": "nonce-1",
            "state": "state-1",
            "prompt": "none",
            "response_mode": "form_post",
            "response_type": "id_token",
            "scope": "openid",
        } | changes
        return {name: value for name, value in request.items() if value is not None}

    def authorize(self, request: dict[str, str]) -> httpx.Response:
        """Pass both steps of the authentication request."""
        first = self.get("/api/lti/authorize_redirect", params=request)
        return self.get(first.headers["location"]) if first.status_code == 302 else first

    def launch(self, path: str) -> dict[str, Any]:
        """Open a tool and give the verified claims that it gets."""
        answer = Form(self.authorize(self.request_for(path)).text)
        return self.verified(answer.fields["id_token"])

    def verified(self, token: str) -> dict[str, Any]:
        """The claims of a token signed by a published key."""
        keys = jwt.PyJWKSet.from_dict(self.get("/api/lti/security/jwks").json())
        key = keys[jwt.get_unverified_header(token)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            token, key, ["RS256"], audience=TOOL, options={"verify_iat": False}
        )
        return claims

    def code(self, **changes: str) -> str:
        """Authorize the developer key and bring the code back."""
        asked = {"client_id": KEY, "response_type": "code", "redirect_uri": CALLBACK} | changes
        self.get("/login/oauth2/auth", params=asked)
        return query(self.post("/login/oauth2/accept"))["code"]

    def token(self, **form: str) -> httpx.Response:
        """Ask the token endpoint as the developer key."""
        return self.post("/login/oauth2/token", data={"client_id": KEY, "client_secret": SECRET} | form)

    def trade(self, code: str, /, **form: str) -> httpx.Response:
        """Trade a code for tokens."""
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.token(**grant | form)


def query(answer: httpx.Response) -> dict[str, str]:
    """The parameters of a redirect."""
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


class Campus:
    """A running sandbox with this campus in it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.url = sandbox.url
        self.waits, self.state = sandbox.advance, sandbox.state

    def browser(self, user_id: int | None = None) -> Browser:
        """A new browser, with a person logged in if one is named."""
        browser = Browser(self.url)
        return browser if user_id is None else browser.log_in(user_id)

    def becomes(self, **changes: Any) -> "Campus":
        """Replace top-level keys of the world; everybody is logged out."""
        self.sandbox.use(WORLD | changes)
        return self
