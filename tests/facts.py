"""Which facts about Canvas the tests prove, and the table made of them: `python -m tests.facts`.

A test says so where it stands::

    @fact("rest 1.3", "A code is spent even when the link exists already.")
    def test_a_second_redemption_burns_the_code(...): ...

The first part names the source's section (see `SECTIONS`), the second is the fact in one sentence, and
`uncertain` says why it may be otherwise on a real Canvas. The words are literals, or constants of the file,
since the table is read from the source of the tests and not from a run of them.
"""

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

TESTS = Path(__file__).parent
TABLE = TESTS.parent / "docs" / "facts.md"
SECTIONS = {
    "rest 0": "REST: how to read an answer",
    "rest 0.1": "REST: error bodies common to every endpoint",
    "rest 1": "User Observees: who may do what",
    "rest 1.1": "GET /users/:id/observees",
    "rest 1.2": "GET /users/:id/observers",
    "rest 1.3": "POST /users/:id/observees",
    "rest 1.4": "GET one observee or observer",
    "rest 1.6": "PUT /users/:id/observees/:id",
    "rest 1.7": "DELETE /users/:id/observees/:id",
    "rest 1.8": "POST /users/:id/observer_pairing_codes",
    "rest 1.9": "Enrollments made by a link",
    "rest 2": "Native pairing codes",
    "rest 3.1": "Enrollments: create",
    "rest 3.2": "Enrollments: list",
    "rest 3.3": "Enrollments: conclude, deactivate, delete, reactivate",
    "rest 4.1": "Users: create, self-registration",
    "rest 4.2": "Users: the deprecated self_registration address",
    "rest 4.3": "Users and courses: reading",
    "rest 5": "Authentication providers, discovery, parent registration",
    "rest 6.1": "SIS imports: REST",
    "rest 6.2": "SIS imports: how files are recognized",
    "rest 6.3": "SIS imports: user_observers.csv",
    "rest 6.4": "SIS imports: enrollments.csv",
    "rest 6.5": "SIS imports: users.csv",
    "rest 7": "Permissions and scopes",
    "rest 8": "Bodies: users, courses, sections, enrollments, accounts, imports, providers, terms",
    "lti 1.1": "Launch: what Canvas sends to the login address",
    "lti 1.2": "Launch: issuers and addresses of hosted Canvas",
    "lti 1.3": "Launch: what authorize checks",
    "lti 1.4": "Launch: the authentication response",
    "lti 2.1": "id_token: claims",
    "lti 2.2": "id_token: roles",
    "lti 2.3": "id_token: differences by placement",
    "lti 2.4": "id_token: student_context_card",
    "lti 2.6": "id_token: sub and numeric ids",
    "lti 2.7": "id_token: custom variables",
    "lti 3.1": "Placements: keys",
    "lti 3.2": "Placements: visibility and permissions",
    "lti 3.3": "Placements: the ones used here",
    "lti 4.1": "Configuration: developer key JSON",
    "lti 4.2": "Configuration: dynamic registration",
    "lti 5": "Launches without cookies, window.postMessage",
    "lti 6.1": "LTI service tokens",
    "lti 6.2": "Names and roles",
    "lti 7.1": "OAuth2: authorize",
    "lti 7.2": "OAuth2: token",
    "lti 7.3": "OAuth2: ending a token",
    "lti 7.4": "OAuth2: scopes",
    "lti 7.5": "OAuth2: error answers of the API",
    "lti 7.6": "Masquerade and user tokens",
    "lti 8": "Rate limits, paging, ids, headers",
}
Test = TypeVar("Test", bound=Callable[..., object])


def fact(section: str, says: str, *, uncertain: str | None = None) -> Callable[[Test], Test]:
    """Mark a test as the proof of one fact; says nothing to pytest."""
    if section not in SECTIONS:
        raise ValueError(f"{section!r} is no section of the facts: see tests/facts.py")
    return lambda test: test


@dataclass(frozen=True, slots=True, order=True)
class Proof:
    """One `@fact` on one test."""

    section: str
    says: str
    uncertain: str
    test: str


@cache
def proofs() -> tuple[Proof, ...]:
    """Every `@fact` in the tests, read from their source."""
    return tuple(sorted(found for path in TESTS.rglob("test_*.py") for found in _in_file(path)))


def _in_file(path: Path) -> Iterator[Proof]:
    module = ast.parse(path.read_text())
    names = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    def word(node: ast.expr) -> str:
        return str(ast.literal_eval(names.get(node.id, node) if isinstance(node, ast.Name) else node))

    for node in ast.walk(module):
        for mark in node.decorator_list if isinstance(node, ast.FunctionDef) else []:
            if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "fact":
                section, says = map(word, mark.args)
                doubt = next((word(one.value) for one in mark.keywords if one.arg == "uncertain"), "")
                yield Proof(section, says, doubt, f"{path.relative_to(TESTS)}::{node.name}")


def table() -> str:
    """The page of `docs/facts.md`."""
    by_section: dict[str, dict[tuple[str, str], list[str]]] = defaultdict(lambda: defaultdict(list))
    for proof in proofs():
        by_section[proof.section][proof.says, proof.uncertain].append(proof.test)
    lines = [
        "# What we know of Canvas, and which test proves it",
        "",
        "Made by `python -m tests.facts` from the `@fact` marks on the tests; do not edit. A fact proved",
        "in `tests/sandbox` holds for the sandbox, one proved elsewhere for the app's side of the same",
        "fact. The last column says where a real Canvas may differ from the sandbox's reading.",
    ]
    for section, title in SECTIONS.items():
        if section in by_section:
            lines += ["", f"## {section}: {title}", "", "| fact | proved by | uncertain |", "|---|---|---|"]
            lines += [
                _row(says, "<br>".join(f"`{test}`" for test in tests), doubt)
                for (says, doubt), tests in by_section[section].items()
            ]
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    """A line of a table; a bar inside a cell would end it."""
    return "|" + "|".join(f" {cell} ".replace("  ", " ").replace("|", r"\|") for cell in cells) + "|"


if __name__ == "__main__":
    TABLE.write_text(table())
