"""The pages: one blueprint per audience."""

from datetime import datetime, timedelta
from zoneinfo import available_timezones

from flask import Flask, g
from flask_babel import Babel, format_date, format_time, get_locale, to_user_timezone
from flask_wtf import CSRFProtect
from werkzeug.routing import IntegerConverter, Map

from app.models import Person
from app.web import (
    admin,
    connect,
    discovery,
    errors,
    guard,
    headers,
    health,
    instructor,
    lti,
    observer,
    portal,
    student,
    tenants,
    visit,
)

BLUEPRINTS = (health, lti, discovery, connect, observer, portal, instructor, student, admin)


class RowNumber(IntegerConverter):
    """The number of a row in an address; what no database can hold is no page."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**31 - 1)


def assemble(app: Flask) -> None:
    """Register every blueprint, guard, header and error page."""
    app.url_map.converters["row"] = RowNumber
    Babel(app, timezone_selector=_time_zone)
    csrf = CSRFProtect(app)
    for module in BLUEPRINTS:
        app.register_blueprint(module.bp)
    for launched in (lti, instructor, student, admin):
        csrf.exempt(launched.bp)  # proved by a signature or by the launch's handle, not by a cookie
    csrf.exempt("app.web.connect.connect")  # likewise by the handle
    lti.portals.update(
        {
            lti.Portal.INSTRUCTOR: instructor.home,
            lti.Portal.STUDENT: student.home,
            lti.Portal.ADMIN: admin.home,
        }
    )
    guard.stand_at_the_door(app)
    headers.add(app)
    errors.handle(app)
    tenants.install(app)
    app.add_template_filter(lambda when: format_date(when, "long"), "day")
    app.add_template_filter(_moment, "moment")
    app.jinja_env.globals["get_locale"] = get_locale
    app.context_processor(lambda: {"handle": g.visit.handle if "visit" in g else None})


def _moment(when: datetime) -> str:
    """A time to come back at: never too early, with the day unless it is today, and UTC named."""
    when = to_user_timezone(when + timedelta(seconds=59))
    today = when.date() == to_user_timezone(visit.now()).date()
    words = [] if today else [format_date(when, "long", rebase=False)]
    words += [format_time(when, "short", rebase=False), *([] if _time_zone() else ["UTC"])]
    return " ".join(words)


def _time_zone() -> str | None:
    """The zone of the person who looks; None is UTC, which times then name."""
    person: Person | None = None
    if "visit" in g:
        person = visit.launch().person
    elif g.get("observer") is not None:
        person = visit.observer().person
    zone = person.time_zone if person else None
    return zone if zone in _ZONES else None


_ZONES = available_timezones()
