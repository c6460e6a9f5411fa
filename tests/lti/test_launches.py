"""A launch that is as it should be."""

from app import db
from app.models import Person, Role
from tests.lti.conftest import launches_recorded
from tests.lti.platform import Browser


def test_an_instructor_who_opens_the_tool_sees_its_first_page_at_once(browser: Browser) -> None:
    page = browser.launches()

    assert page.status_code == 200
    (launch,) = launches_recorded(browser.app)
    assert (launch.role, launch.placement) == (Role.INSTRUCTOR, "course_navigation")
    assert (launch.course_id, launch.course_name, launch.section_ids) == ("77", "Biology 101", None)
    assert launch.stand_in is None
    with db.reading() as session:
        person = session.get_one(Person, launch.person_id)
        assert (person.canvas_user_id, person.name) == ("1042", "Ida Teacher")
        assert (person.time_zone, person.locale) == ("America/Denver", "en")
