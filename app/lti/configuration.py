"""What an admin pastes into Canvas, or points it at: the developer key's JSON."""

from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from app.lti.login import LAUNCH_PATH

LOGIN_PATH = "/lti/login"
JWKS_PATH = "/lti/jwks.json"
# The names app.lti.claims reads, and the variables Canvas fills in ("Variable Substitutions"). Why each is
# asked for stands in docs/install.md.
CUSTOM_FIELDS = {
    "canvas_user_id": "$Canvas.user.id",
    "canvas_user_name": "$Person.name.full",
    "canvas_locale": "$Message.locale",
    "canvas_time_zone": "$Person.address.timezone",
    "canvas_high_contrast": "$Canvas.user.prefersHighContrast",
    "canvas_brand": "$com.instructure.brandConfigJSON",
    "canvas_masquerading_user_id": "$Canvas.masqueradingUser.id",
    "canvas_student_view": "$com.instructure.User.student_view",
    "canvas_course_id": "$Canvas.course.id",
    "canvas_course_name": "$Canvas.course.name",
    "canvas_section_ids": "$Canvas.course.sectionIds",
    "canvas_section_restricted": "$Canvas.course.sectionRestricted",
    "canvas_account_id": "$Canvas.account.id",
    "canvas_root_account_id": "$Canvas.rootAccount.id",
    "canvas_root_account_global_id": "$Canvas.root_account.global_id",
    "canvas_adminable_accounts": "$Canvas.user.adminableAccounts",
    "canvas_is_root_account_admin": "$Canvas.user.isRootAccountAdmin",
    "canvas_api_base_url": "$Canvas.api.baseUrl",
}
# What each place asks for ("Placements", "Navigation Tools"). Nobody's rights come from it: the roles of the
# launch decide. A course shows nothing until its teacher says so in Settings > Navigation.
PLACEMENTS: dict[str, dict[str, Any]] = {
    "course_navigation": {"default": "disabled"},
    "student_context_card": {"visibility": "admins", "required_permissions": "view_all_grades"},
    "user_navigation": {},
    "account_navigation": {"visibility": "admins", "root_account_only": False},
    "global_navigation": {"visibility": "members", "windowTarget": "_blank"},
}
CARD_LABELS = {
    "en": "Observers and codes",
    "de": "Beobachter und Codes",
    "es": "Observadores y códigos",
    "fr": "Observateurs et codes",
}
# The icon as the one path that Canvas draws into its own 64 by 64 box, in its own color.
ICON_PATH = (
    "M32 8a24 24 0 1 0 0 48a24 24 0 0 0 0-48zm0 7a17 17 0 1 1 0 34a17 17 0 0 1 0-34z"
    "m0 10a7 7 0 1 0 0 14a7 7 0 0 0 0-14z"
)
TITLE = "Observatory"
DESCRIPTION = "Pairs observers with students."
LOWEST_PRIVACY = "anonymous"  # ids and names come by the variables above, e-mail addresses never
SCOPES: tuple[str, ...] = ()  # nothing is asked of Canvas's LTI services


def canvas_json(public_url: str, chosen: Collection[str] = tuple(PLACEMENTS)) -> dict[str, Any]:
    """The configuration of the LTI key (Canvas API docs, "Manual Configuration"), with these placements."""
    return {
        "title": TITLE,
        "description": DESCRIPTION,
        "target_link_uri": public_url + LAUNCH_PATH,
        "oidc_initiation_url": public_url + LOGIN_PATH,
        "public_jwk_url": public_url + JWKS_PATH,
        "scopes": list(SCOPES),
        "custom_fields": CUSTOM_FIELDS,
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": urlsplit(public_url).netloc,
                "tool_id": "observatory",
                "privacy_level": LOWEST_PRIVACY,
                "settings": {
                    "text": TITLE,
                    "icon_url": f"{public_url}/static/icon.svg",
                    "placements": [_placement(name, public_url) for name in PLACEMENTS if name in chosen],
                },
            }
        ],
    }


def label(placement: str) -> str:
    """What the link of a placement says, in English."""
    return CARD_LABELS["en"] if placement == "student_context_card" else TITLE


def _placement(name: str, public_url: str) -> dict[str, Any]:
    placement = {
        "placement": name,
        "message_type": "LtiResourceLinkRequest",
        "text": label(name),
        "target_link_uri": public_url + LAUNCH_PATH,
        **PLACEMENTS[name],
    }
    if name == "student_context_card":
        placement["labels"] = CARD_LABELS
    if name == "global_navigation":
        placement["icon_svg_path_64"] = ICON_PATH
    return placement
