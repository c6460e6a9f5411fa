"""The LTI 1.3 platform of the pretend Canvas."""

from flask import Blueprint

blueprint = Blueprint("lti", __name__)

from sandbox.lti import (  # noqa: E402, F401  their routes join the blueprint
    authorize,
    brands,
    names_and_roles,
    registering,
    storage,
)
