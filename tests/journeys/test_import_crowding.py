"""An import tells how many students it gives more observers than the policy allows, and does it."""

import pytest

from app import db
from app.models import Import, ImportState
from app.pairing.imports import crowding
from tests.journeys.families import EVERYWHERE, give_code
from tests.journeys.importing import lend_all, previewed, ran, sheet
from tests.journeys.ruling import rule
from tests.people import ADMIN, Admin, Observer, School

pytestmark = pytest.mark.both_databases
KENJI = "S000105"


@pytest.fixture
def lent(school: School) -> School:
    school.changes(lend_all)
    return school


def crowded(import_id: int) -> int:
    with db.reading() as session:
        return crowding.crowded(session, session.get_one(Import, import_id))


def test_those_who_are_there_and_those_of_the_sheet_are_counted_once(lent: School) -> None:
    Observer(lent, 44).enters().redeems(give_code(lent, 105, EVERYWHERE))
    rule(lent, observers_most=2)
    rows = [
        ("Aiko Tanaka", "aiko.parent@maplegrove.example", KENJI),
        ("Berit Holm", "berit@family.test", KENJI),
        ("Nils Holm", "nils@family.test", "S000106"),
    ]

    assert crowded(previewed(lent, sheet(rows))) == 0
    assert crowded(previewed(lent, sheet([*rows, ("Nils Holm", "nils@family.test", KENJI)]))) == 1


def test_the_page_says_so_and_the_import_does_it(lent: School) -> None:
    rule(lent, observers_most=1)
    rows = [("Berit Holm", "berit@family.test", KENJI), ("Nils Holm", "nils@family.test", KENJI)]
    import_id = previewed(lent, sheet(rows))
    admin = Admin(lent, ADMIN)

    page = admin.forges(admin.opens(), f"/admin/import/{import_id}")

    assert "1 student would have more observers than your policy allows." in page.text
    assert ran(import_id).state is ImportState.DONE
    assert len([1 for _, student in lent.links() if student == 105]) == 2


def test_without_a_limit_nothing_is_said(lent: School) -> None:
    assert crowded(previewed(lent, sheet([("Berit Holm", "berit@family.test", KENJI)]))) == 0
