"""What an inspection tells, in words that are translated where they are shown."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, and the names and numbers that are put into it after it was translated."""

    text: str
    facts: Mapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        """In English, for a terminal."""
        return self.text % self.facts if self.facts else self.text


def said(text: str, **facts: str | int) -> Said:
    """A sentence; imported as `_`, so that the tools which collect sentences find it."""
    return Said(text, facts)


class State(StrEnum):
    """What was found."""

    WELL = "well"
    PROBLEM = "problem"
    ADVICE = "advice"  # works, and could be better
    UNCHECKED = "unchecked"


class Part(StrEnum):
    """What a finding is about; findings are shown in this order."""

    SERVER = "server"
    CANVAS = "canvas"
    KEY = "key"
    SERVICE = "service"
    SCOPES = "scopes"
    PERMISSIONS = "permissions"
    SIGN_UP = "sign_up"
    DRY_RUN = "dry_run"


class Who(StrEnum):
    """Who can mend it."""

    OPERATOR = "operator"
    ADMIN = "admin"


URGENT = (State.PROBLEM, State.ADVICE, State.UNCHECKED, State.WELL)
_ = said
STATES = {
    State.WELL: _("in order"),
    State.PROBLEM: _("problem"),
    State.ADVICE: _("advice"),
    State.UNCHECKED: _("not checked"),
}
PARTS = {
    Part.SERVER: _("Observatory's server"),
    Part.CANVAS: _("Reaching Canvas"),
    Part.KEY: _("The API key in Canvas"),
    Part.SERVICE: _("The service account"),
    Part.SCOPES: _("Scopes of the service account"),
    Part.PERMISSIONS: _("Permissions of the service account"),
    Part.SIGN_UP: _("How families get an account"),
    Part.DRY_RUN: _("Dry run"),
}
PEOPLE = {
    Who.OPERATOR: _("whoever runs this server"),
    Who.ADMIN: _("an administrator of the whole institution in Canvas"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; with `means`, `who` and `how` unless it is well."""

    part: Part
    state: State
    what: Said
    means: Said | None = None
    who: Who | None = None
    how: Said | None = None


def well(part: Part, what: Said) -> Finding:
    """Nothing to mend."""
    return Finding(part, State.WELL, what)


def problem(part: Part, what: Said, means: Said, who: Who, how: Said) -> Finding:
    """Something does not work."""
    return Finding(part, State.PROBLEM, what, means, who, how)


def advice(part: Part, what: Said, means: Said, who: Who, how: Said) -> Finding:
    """Something works and could be better."""
    return Finding(part, State.ADVICE, what, means, who, how)


def unchecked(part: Part, what: Said, why: Said) -> Finding:
    """Something could not be looked at, and why."""
    return Finding(part, State.UNCHECKED, what, why)


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of one inspection: of whom, and when."""

    of: str
    made_at: datetime
    findings: tuple[Finding, ...]

    def of_part(self, part: Part) -> list[Finding]:
        """What was found about one part."""
        return [finding for finding in self.findings if finding.part is part]

    def count(self, state: State) -> int:
        """How many findings are in this state."""
        return sum(finding.state is state for finding in self.findings)

    def dumps(self) -> str:
        """The report as a text that `loads` reads."""
        made_at = self.made_at.isoformat()
        return json.dumps([self.of, made_at, [asdict(finding) for finding in self.findings]])


def loads(text: str) -> Report:
    """A report from what `dumps` wrote."""
    of, made_at, rows = json.loads(text)
    return Report(of, datetime.fromisoformat(made_at), tuple(map(_finding, rows)))


def _finding(row: Mapping[str, Any]) -> Finding:
    means, how = (Said(**row[name]) if row[name] else None for name in ("means", "how"))
    who = Who(row["who"]) if row["who"] else None
    return Finding(Part(row["part"]), State(row["state"]), Said(**row["what"]), means, who, how)


def report(of: str, made_at: datetime, findings: Iterable[Finding]) -> Report:
    """The findings, by part and with problems first; a dry run's in the order in which things happened."""

    def place(finding: Finding) -> tuple[int, int]:
        urgency = 0 if finding.part is Part.DRY_RUN else URGENT.index(finding.state)
        return list(Part).index(finding.part), urgency

    return Report(of, made_at, tuple(sorted(findings, key=place)))
