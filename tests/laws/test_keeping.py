"""Whatever table there is: its rows are exported, deleted and kept no longer than is said."""

import re
from pathlib import Path

import pytest
from sqlalchemy import Table

from app import purging
from app.exporting import BY_NUMBER, people_in, rows_of
from app.models import Base, Person

TABLES = {table.name: table for table in Base.metadata.sorted_tables}
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"

# Nobody's in particular: the server's own.
THE_SERVERS = {
    "tool_keys": "our own keys, the same for every institution",
    "workers": "which processes are alive",
}
# Columns that look as if they named somebody, and why a person's copy and deletion pass them by.
NOT_NAMING = {
    ("lti_launches", "student_id"): "a teacher opened this student's card; the row goes within a day",
    ("import_people", "sis_id"): "the same person is in canvas_id",
    ("links", "ended_by"): "a word: the observer, the office",
    ("links", "answer_by"): "a day",
}
# Rows that stay when somebody is forgotten, as a number without a name, or go soon by themselves.
STAYING = {
    "people": "goes last, as soon as nothing names it; else its name goes",
    "audit_events": "what was done is still done",
    "bars": "a court order does not end because somebody has gone",
    "bar_hits": "as the entry",
    "agreements": "others have agreed to it; the author is a number then",
    "imports": "what an admin did; the admin is a number then",
    "drifts": "what an admin clicked; those about a link go with it",
    "import_people": "looked up for one import, forgotten when it was looked at",
}
ACTING = ("issuer_id", "settled_by", "admin_id")  # who did something about somebody else
SOMEBODY = re.compile(r"_by$|^(person|student|observer|author|issuer|actor|admin|canvas_user|canvas|sis)_id$")


def naming() -> list[tuple[str, str]]:
    """Every column that names a person, or looks so."""
    return sorted(
        (name, column.name)
        for name, table in TABLES.items()
        for column in table.c
        if column.name in people_in(table) or SOMEBODY.search(column.name)
    )


@pytest.mark.parametrize("name", sorted(TABLES.keys() - THE_SERVERS))
def test_every_table_is_exported_with_its_institution(name: str) -> None:
    assert rows_of(TABLES[name], 1, None) is not None


@pytest.mark.parametrize("name", sorted(TABLES.keys() - THE_SERVERS))
def test_every_table_goes_with_its_institution(name: str) -> None:
    assert goes(TABLES[name]), f"nobody deletes {name}"


def goes(table: Table) -> bool:
    """By itself, as the institution, or with the rows it hangs on."""
    cascading = [one for one in table.foreign_key_constraints if one.ondelete == "CASCADE"]
    own = table.name == "institutions" or "institution_id" in table.c
    return own or any(goes(one.referred_table) for one in cascading)


def test_the_servers_own_tables_belong_to_no_institution() -> None:
    for name in THE_SERVERS:
        assert rows_of(TABLES[name], 1, None) is None


@pytest.mark.parametrize(("name", "column"), naming())
def test_whoever_is_named_gets_a_copy_of_it(name: str, column: str) -> None:
    if (name, column) in NOT_NAMING:
        return
    assert column in (*people_in(TABLES[name]), *BY_NUMBER.get(name, ()))
    query = rows_of(TABLES[name], 1, Person(id=17, canvas_user_id="17"))
    assert query is not None
    assert f"{name}.{column} = " in str(query)


@pytest.mark.parametrize(("name", "column"), naming())
def test_whoever_is_named_is_forgotten_there_or_it_is_said_why_not(name: str, column: str) -> None:
    going = {model.__tablename__: columns for model, columns in purging.GOES.items()}
    acting = name in going and column in ACTING
    assert acting or column in going.get(name, ()) or name in STAYING or (name, column) in NOT_NAMING


def test_it_is_told_of_every_table_how_long_it_is_kept() -> None:
    _, _, section = OPERATIONS.read_text().partition("## What is kept, and for how long\n")
    rows = re.findall(r"^\| `([a-z_]+)` \|", section.partition("\n## ")[0], re.MULTILINE)
    assert sorted(rows) == sorted(TABLES)
