"""What is documented is what is there."""

import re
from pathlib import Path

import pytest

from app import settings
from app.audit import Event
from app.canvas.oauth import EXTRA_SCOPES, KEY_SCOPES, Extra
from app.cli import main
from tests.manual import manual

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CANVAS = (ROOT / "docs" / "canvas.md").read_text()


def first_cells(text: str) -> set[str]:
    """The code words in the first column of every table."""
    return {cell.replace("\\|", "|") for cell in re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)}


def test_every_setting_is_in_the_table_and_nothing_else() -> None:
    read = set(re.findall(r'(?<![.\w])(?:get|number)\("([A-Z_]+)"', Path(settings.__file__).read_text()))

    documented = {cell for cell in first_cells(README) if cell.isupper()}

    assert documented == {f"OBSERVATORY_{name}" for name in read} | {"DATABASE_URL"}


def test_every_audit_event_is_in_the_table_and_nothing_else() -> None:
    documented = {cell for cell in first_cells(README) if ":" in cell}

    assert documented == {event.value for event in Event}


def test_every_command_or_its_group_is_in_the_tables_and_nothing_else() -> None:
    documented = {cell.split()[1] for cell in first_cells(README) if cell.startswith("observatory ")}

    assert documented == set(main.commands)


def test_the_page_of_commands_is_what_they_say() -> None:
    assert (ROOT / "docs" / "commands.md").read_text() == manual(), (
        "python -m tests.manual > docs/commands.md"
    )


def test_every_scope_is_in_the_table_and_nothing_else() -> None:
    documented = {cell for cell in first_cells(CANVAS) if cell.startswith("url:")}

    assert documented == set(KEY_SCOPES).union(*(EXTRA_SCOPES[extra] for extra in Extra))


@pytest.mark.parametrize("path", ["README.md", "docs/canvas.md", "docs/install.md"])
def test_links_between_documents_lead_somewhere(path: str) -> None:
    document = ROOT / path

    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
        assert (document.parent / target).exists(), target
