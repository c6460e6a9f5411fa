"""The pages: one blueprint per audience."""

from flask import Flask
from flask_wtf import CSRFProtect
from werkzeug.routing import IntegerConverter, Map

from app.web import (
    admin,
    bars,
    connect,
    consent,  # noqa: F401  its pages join those of student
    counter,
    coverage,
    discovery,
    drift,
    errors,
    guard,
    headers,
    health,
    imports,
    instructor,
    lti,
    observer,
    people,
    people_connecting,  # noqa: F401  its pages join those of people
    people_proving,  # noqa: F401  its pages join those of people
    policy,
    policy_form,
    portal,
    regional,
    register,  # noqa: F401  its pages join those of lti
    registration,
    report,
    setup,
    sign_up,
    student,
    tenants,
    trail,
)

LAUNCHED = (
    instructor,
    student,
    admin,
    setup,
    drift,
    coverage,
    imports,
    bars,
    counter,
    people,
    policy,
    registration,
    trail,
)
BLUEPRINTS = (health, lti, discovery, connect, observer, sign_up, portal, *LAUNCHED)


class RowNumber(IntegerConverter):
    """The number of a row in an address; what no database can hold is no page."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**31 - 1)


def assemble(app: Flask) -> None:
    """Register every blueprint, guard, header and error page."""
    app.url_map.converters["row"] = RowNumber
    regional.install(app)
    csrf = CSRFProtect(app)
    for module in BLUEPRINTS:
        app.register_blueprint(module.bp)
    for launched in (lti, *LAUNCHED):  # proved by a signature or by the launch's handle, not by a cookie
        csrf.exempt(launched.bp)
    csrf.exempt("app.web.connect.connect")  # likewise by the handle
    lti.portals.update(
        {
            lti.Portal.INSTRUCTOR: instructor.enter,
            lti.Portal.STUDENT: student.home,
            lti.Portal.ADMIN: admin.home,
        }
    )
    guard.stand_at_the_door(app)
    headers.add(app)
    errors.handle(app)
    tenants.install(app)
    app.add_template_filter(report.words, "told")
    app.add_template_filter(policy_form.purpose, "purpose")
