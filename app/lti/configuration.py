"""What an admin pastes into Canvas, or points it at: the developer key's JSON."""

from typing import Any
from urllib.parse import urlsplit

from app.lti.login import LAUNCH_PATH

# The names app.lti.claims reads, and the variables Canvas fills in ("Variable Substitutions").
CUSTOM_FIELDS = {
    "canvas_user_id": "$Canvas.user.id",
    "canvas_user_name": "$Person.name.full",
    "canvas_time_zone": "$Person.address.timezone",
    "canvas_masquerading_user_id": "$Canvas.masqueradingUser.id",
    "canvas_student_view": "$com.instructure.User.student_view",
    "canvas_course_id": "$Canvas.course.id",
    "canvas_course_name": "$Canvas.course.name",
    "canvas_section_ids": "$Canvas.course.sectionIds",
    "canvas_section_restricted": "$Canvas.course.sectionRestricted",
    "canvas_account_id": "$Canvas.account.id",
    "canvas_root_account_id": "$Canvas.rootAccount.id",
    "canvas_adminable_accounts": "$Canvas.user.adminableAccounts",
    "canvas_is_root_account_admin": "$Canvas.user.isRootAccountAdmin",
    "canvas_api_base_url": "$Canvas.api.baseUrl",
}
PLACEMENTS: dict[str, dict[str, Any]] = {
    "course_navigation": {"default": "enabled"},
    "user_navigation": {},
    "account_navigation": {"root_account_only": False},
}
TITLE = "Observatory"
DESCRIPTION = "Pairs observers with students."


def canvas_json(public_url: str) -> dict[str, Any]:
    """The configuration of the LTI key (Canvas API docs, "Manual Configuration").

    The lowest privacy level will do: ids and names come by the variables above, e-mail addresses never.
    """
    launch_url = public_url + LAUNCH_PATH
    return {
        "title": TITLE,
        "description": DESCRIPTION,
        "target_link_uri": launch_url,
        "oidc_initiation_url": f"{public_url}/lti/login",
        "public_jwk_url": f"{public_url}/lti/jwks.json",
        "scopes": [],
        "custom_fields": CUSTOM_FIELDS,
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": urlsplit(public_url).netloc,
                "tool_id": "observatory",
                "privacy_level": "anonymous",
                "settings": {
                    "text": TITLE,
                    "placements": [
                        {
                            "placement": placement,
                            "message_type": "LtiResourceLinkRequest",
                            "text": TITLE,
                            "target_link_uri": launch_url,
                            **settings,
                        }
                        for placement, settings in PLACEMENTS.items()
                    ],
                },
            }
        ],
    }
