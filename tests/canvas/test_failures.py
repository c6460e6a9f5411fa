"""What Canvas's refusals mean, in every shape they come in."""

from typing import Any

import pytest

from app.canvas import Canvas, observees
from app.errors import (
    CanvasFailure,
    CanvasForbids,
    CanvasMissing,
    CanvasNonsense,
    CanvasRejects,
    CanvasThrottled,
    CanvasUnreachable,
    ScopeMissing,
    TokenDead,
)
from tests.canvas.conftest import TOKEN
from tests.canvas.remote import Remote, Reply
from tests.facts import fact

BEARER = {"WWW-Authenticate": 'Bearer realm="canvas-lms"'}
HTML = {"Content-Type": "text/html"}
PAGE = b"<!DOCTYPE html><html><body>Sorry</body></html>"
FORBIDDEN = {
    "status": "unauthorized",
    "errors": [{"message": "user not authorized to perform that action"}],
}


def errors(message: Any) -> dict[str, Any]:
    return {"errors": [{"message": message}]}


CASES: list[tuple[str, Reply, type[CanvasFailure], str]] = [
    ("an invalid token", Reply(401, errors("Invalid access token."), headers=BEARER), TokenDead, ""),
    ("a revoked token", Reply(401, errors("Revoked access token.")), TokenDead, ""),
    ("a dead token in Danish", Reply(401, errors("Ugyldig adgangsnøgle"), headers=BEARER), TokenDead, ""),
    (
        "no credentials",
        Reply(401, {"status": "unauthenticated", **errors("user authorization required")}),
        TokenDead,
        "",
    ),
    (
        "scope",
        Reply(401, errors("Insufficient scopes on access token.")),
        ScopeMissing,
        "Insufficient scopes",
    ),
    ("forbidden, new", Reply(403, FORBIDDEN), CanvasForbids, "user not authorized to perform that action"),
    ("forbidden, old", Reply(401, FORBIDDEN), CanvasForbids, "user not authorized"),
    ("forbidden, translated", Reply(401, {"status": "uautoriseret", **errors("nej")}), CanvasForbids, "nej"),
    ("forbidden, with the header", Reply(401, FORBIDDEN, headers=BEARER), CanvasForbids, ""),
    ("forbidden, empty", Reply(403, {}), CanvasForbids, ""),
    ("masquerading", Reply(401, {"errors": "Invalid as_user_id"}), CanvasForbids, "Invalid as_user_id"),
    (
        "no user agent",
        Reply(403, {"error": "Forbidden", "message": "no valid user agent."}),
        CanvasForbids,
        "Forbidden: no valid user agent.",
    ),
    (
        "throttled, old",
        Reply(403, body=b"403 Forbidden (Rate Limit Exceeded)\n", headers={"Content-Type": "text/plain"}),
        CanvasThrottled,
        "",
    ),
    (
        "throttled, new",
        Reply(429, body=b"429 Too Many Requests (Rate Limit Exceeded)\n"),
        CanvasThrottled,
        "",
    ),
    ("throttled, by a proxy", Reply(429, body=PAGE, headers=HTML), CanvasThrottled, ""),
    ("a firewall", Reply(403, body=PAGE, headers=HTML), CanvasNonsense, ""),
    (
        "a password before Canvas",
        Reply(401, body=PAGE, headers={"WWW-Authenticate": 'Basic realm="staging"'}),
        CanvasNonsense,
        "",
    ),
    (
        "missing",
        Reply(404, errors("The specified resource does not exist.")),
        CanvasMissing,
        "does not exist",
    ),
    ("a page that is missing", Reply(404, body=PAGE, headers=HTML), CanvasNonsense, ""),
    ("a code", Reply(422, errors("Invalid pairing code.")), CanvasRejects, "Invalid pairing code."),
    (
        "a course that is over",
        Reply(400, {"message": "Can't add an enrollment to a concluded course."}),
        CanvasRejects,
        "concluded",
    ),
    (
        "a field",
        Reply(400, {"errors": {"associated_user_id": [{"message": "Cannot observe yourself", "type": "x"}]}}),
        CanvasRejects,
        "Cannot observe yourself",
    ),
    ("two", Reply(400, {"errors": ["one", {"message": "two\n  lines"}]}), CanvasRejects, "one; two lines"),
    ("errors without words", Reply(400, {"errors": [1, None, {"message": 3}]}), CanvasRejects, ""),
    ("nested for ever", Reply(400, {"errors": [[[[[[[["deep"]]]]]]]]}), CanvasRejects, ""),
    ("rejected without JSON", Reply(400, body=b"no"), CanvasNonsense, ""),
    ("a message", Reply(400, [{"attribute": "body", "message": "blank"}]), CanvasRejects, "blank"),
    ("rejected with a list", Reply(400, ["no"]), CanvasNonsense, ""),
    ("broken", Reply(500, errors("An error occurred.")), CanvasUnreachable, "An error occurred."),
    ("maintenance", Reply(503, body=PAGE, headers=HTML), CanvasUnreachable, ""),
    ("moved", Reply(302, body=b"", headers={"Location": "/login"}), CanvasNonsense, ""),
    ("nothing new", Reply(304, body=b""), CanvasNonsense, ""),
    ("a page", Reply(200, body=PAGE, headers=HTML), CanvasNonsense, "text/html that is not JSON"),
    ("nothing", Reply(200, body=b""), CanvasNonsense, "not JSON"),
]


@fact(
    "rest 0.1",
    "The body and the WWW-Authenticate header tell a dead token from a forbidden person, not the status.",
)
@fact("rest 0.1", "Forbidden is 401 or 403 with the same body; the status word may be translated.")
@fact("lti 7.4", "A missing scope is a 401 without the header, told by its words.")
@fact("lti 7.5", "`errors` may be a text, a list or an object by field.")
@fact("lti 7.6", "A masquerade that is not allowed is a 401 whose `errors` is a text.")
@pytest.mark.parametrize(
    ("reply", "kind", "message"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_refusal_means(
    canvas: Canvas, remote: Remote, reply: Reply, kind: type[CanvasFailure], message: str
) -> None:
    remote.says(reply)
    with pytest.raises(CanvasFailure) as caught:
        observees.remove(canvas, "10", "11") if kind is not CanvasMissing else observees.add(canvas, "1", "2")
    assert type(caught.value) is kind
    assert message in caught.value.message
    assert len(remote.seen) == 1, "a write is not repeated"


def test_a_message_is_short(canvas: Canvas, remote: Remote) -> None:
    remote.says(Reply(422, errors("long " * 1000)))
    with pytest.raises(CanvasRejects) as caught:
        observees.add(canvas, "10", "11")
    assert len(str(caught.value)) < 400


def test_what_we_sent_is_blotted_out_of_a_message(canvas: Canvas, remote: Remote) -> None:
    remote.says(Reply(422, errors(f"Bearer {TOKEN} tried aB3dE9")))
    with pytest.raises(CanvasRejects) as caught:
        observees.add_by_code(canvas, "self", "aB3dE9")
    assert caught.value.message == "Bearer … tried …"
