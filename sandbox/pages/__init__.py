"""The pages of the pretend Canvas: its shape, not its look."""

from flask import Blueprint

from sandbox.pages import viewing

blueprint = Blueprint("pages", __name__)
blueprint.app_context_processor(viewing.frame)
viewing.show_refusals(blueprint)

from sandbox.pages import (  # noqa: E402, F401  their routes join the blueprint
    accounts,
    app,
    apps,
    authentication,
    conversations,
    course_details,
    courses,
    enrolling,
    home,
    login,
    masquerade,
    navigation,
    observees,
    pairing_codes,
    parents,
    registration,
    settings,
    sis_imports,
    sso,
    tools,
)

blueprint.app_context_processor(navigation.everywhere)
