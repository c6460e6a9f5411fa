"""A person's language, time zone and look, as Canvas knows them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from flask import Flask, current_app, g, request
from flask_babel import Babel, format_date, format_time, get_locale, to_user_timezone

from app import db, policy
from app.models import Person
from app.web import visit

ZONES = available_timezones()


def install(app: Flask) -> None:
    """Let pages speak to the person who looks."""
    Babel(app, locale_selector=locale, timezone_selector=time_zone)
    app.add_template_filter(lambda when: format_date(when, "long"), "day")
    app.add_template_filter(last_day, "last_day")
    app.add_template_filter(moment, "moment")
    app.jinja_env.globals["get_locale"] = get_locale
    app.context_processor(_look)


def locale() -> str:
    """The best language we have: what the person chose in Canvas, else what the browser asks for.

    Only one that the words are there in, for a page must not claim a language it does not speak.
    """
    ours = [
        str(one).replace("_", "-") for one in current_app.extensions["babel"].instance.list_translations()
    ]
    person = _person()
    asked = [person.locale] if person and person.locale else []
    asked += [language for language, _ in request.accept_languages]
    for wanted in asked:
        for one in (wanted.replace("_", "-").lower(), wanted.replace("_", "-").partition("-")[0].lower()):
            found = next((known for known in ours if known.lower() == one), None)
            if found:
                return found.replace("-", "_")
    return "en"


def time_zone() -> str | None:
    """The zone of the person who looks; None is UTC, which times then name."""
    person = _person()
    zone = person.time_zone if person else None
    return zone if zone in ZONES else None


def last_day(end: datetime) -> str:
    """The last day of what ends then, as app.policy reckons days: midnight ends the day before."""
    inside = end.astimezone(_zone_of_days()) - timedelta(seconds=1)
    return str(format_date(inside.date(), "long", rebase=False))


def moment(when: datetime) -> str:
    """A time to come back at: never too early, with the day unless it is today, and UTC named."""
    when = to_user_timezone(when + timedelta(seconds=59))
    today = when.date() == to_user_timezone(visit.now()).date()
    words = [] if today else [format_date(when, "long", rebase=False)]
    words += [format_time(when, "short", rebase=False), *([] if time_zone() else ["UTC"])]
    return " ".join(words)


def _zone_of_days() -> ZoneInfo:
    """Where days end: at the institution, if it has decided that, else where the person is."""
    person = _person()
    if person is not None and "zone_of_days" not in g:
        with db.reading() as session:
            g.zone_of_days = policy.of(session, person.institution_id).time_zone
    return ZoneInfo(g.get("zone_of_days") or time_zone() or "UTC")


def _person() -> Person | None:
    if "visit" in g:
        return visit.launch().person
    return visit.observer().person if g.get("observer") is not None else None


def _look() -> dict[str, object]:
    """What the frame of every page asks for. High contrast goes before a school's colors."""
    if "visit" not in g:
        return {"handle": None}
    launch = visit.launch()
    accent = None if launch.high_contrast else launch.accent
    return {"handle": visit.visit().handle, "high_contrast": launch.high_contrast, "accent": accent}
