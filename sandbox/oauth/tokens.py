"""`POST` and `DELETE /login/oauth2/token`: one-hour tokens, and a refresh token that never changes."""

import secrets
from datetime import timedelta
from typing import Any

from flask import Response, jsonify, request

from sandbox import sessions
from sandbox.oauth import blueprint, codes, errors, service_tokens
from sandbox.oauth.errors import RequestError
from sandbox.world import AccessToken, DeveloperKey, User, World, current_world, global_id

LIFE = timedelta(hours=1)


@blueprint.post("/login/oauth2/token")
def token() -> Response:
    """Trade a code or a refresh token for an access token (OAuth2 Endpoints, POST login/oauth2/token)."""
    world = current_world()
    try:
        answer = _trade(world)
    except RequestError as failed:
        return failed.refusal.response()
    response = jsonify(answer)
    response.headers["Cache-Control"] = "no-store"
    return response


def _trade(world: World) -> dict[str, Any]:
    grant_type = request.form.get("grant_type") or ("authorization_code" if "code" in request.form else "")
    if grant_type == "authorization_code":
        with world.lock:
            return _spend_code(world)
    if grant_type == "refresh_token":
        with world.lock:
            return _refresh(world)
    if grant_type == "client_credentials":
        return service_tokens.grant(world)
    raise RequestError(errors.OTHER_GRANT)


def _client(world: World, *, proven: bool = False) -> DeveloperKey:
    """The client, authenticated in the body or by HTTP Basic; `proven` lets a public client be."""
    basic = request.authorization
    client_id = request.form.get("client_id") or (basic.username if basic else None) or ""
    secret = request.form.get("client_secret") or (basic.password if basic else None) or ""
    key = world.developer_keys.get(client_id)
    if key is None:
        raise RequestError(errors.UNKNOWN_CLIENT)
    if not (proven and not secret) and not secrets.compare_digest(
        secret.encode(), key.client_secret.encode()
    ):
        raise RequestError(errors.WRONG_SECRET)
    return key


def _spend_code(world: World) -> dict[str, Any]:
    verifier = request.form.get("code_verifier") if world.settings.pkce else None
    key = _client(world, proven=verifier is not None)
    if not request.form.get("code"):
        raise RequestError(errors.missing("code", "authorization_code"))
    grant = codes.find(world, request.form["code"])
    if grant is None:
        raise RequestError(errors.UNKNOWN_CODE)
    if grant.authorization.client_id != key.client_id:
        raise RequestError(errors.OTHER_CLIENT)
    if request.form.get("redirect_uri") != grant.authorization.redirect_uri:
        raise RequestError(errors.BAD_REDIRECT)
    if verifier is not None and not codes.verifies(grant, verifier):
        raise RequestError(errors.BAD_VERIFIER)

    codes.spend(world, request.form["code"])
    if grant.authorization.scopes == (codes.USERINFO,):
        return {"access_token": None, **_people(world, grant.user_id, grant.real_user_id)}
    issued = AccessToken(
        token=secrets.token_urlsafe(48),
        user_id=grant.user_id,
        client_id=key.client_id,
        scopes=list(grant.authorization.scopes) if key.scopes is not None else None,
        expires_at=world.clock.now() + LIFE,
        refresh_token=secrets.token_urlsafe(48),
        real_user_id=grant.real_user_id,
    )
    world.tokens[issued.token] = issued
    return {**_body(world, issued), "refresh_token": issued.refresh_token}


def _refresh(world: World) -> dict[str, Any]:
    key = _client(world)
    wanted = request.form.get("refresh_token")
    if not wanted:
        raise RequestError(errors.missing("refresh_token", "refresh_token"))
    found = (held for held in world.tokens.values() if held.refresh_token == wanted and not held.revoked)
    held = next(found, None)
    if held is None:
        raise RequestError(errors.UNKNOWN_REFRESH_TOKEN)
    if held.client_id != key.client_id:
        raise RequestError(errors.OTHER_CLIENT)
    # The same record gets a new value, so the access token before it is dead at once.
    del world.tokens[held.token]
    held.token, held.expires_at = secrets.token_urlsafe(48), world.clock.now() + LIFE
    world.tokens[held.token] = held
    return _body(world, held)


def _body(world: World, held: AccessToken) -> dict[str, Any]:
    return {
        "access_token": held.token,
        "token_type": "Bearer",
        **_people(world, held.user_id, held.real_user_id),
        "canvas_region": "unknown",
        "expires_in": int(LIFE.total_seconds()),
    }


def _people(world: World, user_id: int, real_user_id: int | None) -> dict[str, Any]:
    user = world.users[user_id]
    people = {"user": {**_person(user), "effective_locale": user.locale or "en"}}
    if real_user_id is not None:
        people["real_user"] = _person(world.users[real_user_id])
    return people


def _person(user: User) -> dict[str, Any]:
    return {"id": user.id, "name": user.name, "global_id": str(global_id(user.id))}


@blueprint.delete("/login/oauth2/token")
def delete() -> tuple[Response, int] | Response:
    """Forget the token that authenticates the request (OAuth2 Endpoints, DELETE login/oauth2/token)."""
    world = current_world()
    bearer = request.authorization.token if request.authorization else request.values.get("access_token")
    if not bearer:
        text = "can't delete OAuth access token when not using an OAuth access token"
        return jsonify(message=text), 400
    with world.lock:
        held = world.tokens.get(bearer)
        if held is None or held.revoked or (held.expires_at and held.expires_at <= world.clock.now()):
            refused = jsonify(errors=[{"message": "Invalid access token."}])
            refused.headers["WWW-Authenticate"] = 'Bearer realm="canvas-lms"'
            return refused, 401
        held.revoked = True
    if request.values.get("expire_sessions") == "1":
        sessions.end_all(held.user_id)
    return jsonify({})
