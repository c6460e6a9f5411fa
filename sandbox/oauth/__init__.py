"""The OAuth2 provider of the pretend Canvas (Canvas API docs, "OAuth2 Endpoints")."""

from flask import Blueprint

from sandbox.pages.viewing import show_refusals

blueprint = Blueprint("oauth", __name__)
show_refusals(blueprint)

from sandbox.oauth import authorization, tokens  # noqa: E402, F401  their routes join the blueprint
