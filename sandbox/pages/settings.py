"""A person's own settings: language, time zone, high contrast, and a student's pairing codes."""

import re
from zoneinfo import available_timezones

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox.pages import blueprint, navigation
from sandbox.pages.viewing import root_account, viewer
from sandbox.world import current_world

LANGUAGES = {
    "ar": "العربية",
    "da": "Dansk",
    "de": "Deutsch",
    "en": "English (US)",
    "en-GB": "English (UK)",
    "es": "Español",
    "fr": "Français",
    "he": "עברית",
    "nb": "Norsk (Bokmål)",
    "nl": "Nederlands",
    "pt-BR": "Português do Brasil",
    "sv": "Svenska",
    "zh-Hans": "简体中文",
}
LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@blueprint.get("/profile/settings")
def profile_settings() -> str:
    """Who I am here, what I may choose, and the tools in the account menu."""
    world, user, root = current_world(), viewer(), root_account()
    rows = world.enrollments_of(user.id)
    student = any(row.type == "StudentEnrollment" and row.state in ("active", "completed") for row in rows)
    return render_template(
        "settings.html",
        user=user,
        login=world.login_in(user, root.id),
        nav=navigation.of_user(user),
        languages=LANGUAGES | ({user.locale: user.locale} if user.locale not in (None, *LANGUAGES) else {}),
        zones=sorted(available_timezones()),
        may_pair=student and root.self_registration != "none",
    )


@blueprint.post("/profile/settings")
def change_settings() -> Response:
    """Keep what was chosen; blank means the account's own."""
    user, form = viewer(), request.form
    locale, zone = form.get("locale") or None, form.get("time_zone") or None
    if (locale and not LOCALE.fullmatch(locale)) or zone not in (None, *available_timezones()):
        abort(400)
    with current_world().lock:
        user.locale, user.time_zone = locale, zone
        user.high_contrast = "high_contrast" in form
    return redirect(url_for("pages.profile_settings"), 303)
