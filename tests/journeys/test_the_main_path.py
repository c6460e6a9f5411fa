"""Code issued, redeemed, Canvas holds the link, everyone sees it."""

import pytest

from tests.people import MATHS, Observer, School, Teacher

pytestmark = pytest.mark.both_databases(always=True)


def test_a_course_code_opens_exactly_that_course(school: School, teacher: Teacher, parent: Observer) -> None:
    (code,) = teacher.issues([105])

    page = parent.redeems(code.lower().replace("-", " "))

    assert "You are connected to Kenji Tanaka" in page.text
    assert "Mathematics 7" in page.text
    expected = [(course, section, 105) for course, section in school.sections_of(105, MATHS)]
    assert school.observing(parent.id) == expected
    assert school.links() == {link for link in school.links() if link[0] != parent.id}
