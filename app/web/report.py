"""An inspection's report, shown on a page, and saved as a web page or a PDF with its date."""

import json
from dataclasses import dataclass
from typing import Any

import typst
from flask import current_app, render_template
from flask_babel import format_datetime, get_locale, gettext, ngettext

from app.inspector.findings import PARTS, PEOPLE, STATES, Finding, Report, Said, State

MARKS = {State.WELL: "✓", State.PROBLEM: "✗", State.ADVICE: "!", State.UNCHECKED: "–"}
COUNTED = (State.PROBLEM, State.ADVICE, State.UNCHECKED)


def words(said: Said) -> str:
    """The sentence in the reader's language."""
    return str(gettext(said.text, **said.facts))


def made(report: Report) -> str:
    """When it was made, in the reader's time zone, which is named."""
    return str(format_datetime(report.made_at, "long"))


def gist(report: Report) -> str:
    """What the report says, in one line."""
    problems, advice, unchecked = (report.count(state) for state in COUNTED)
    said = [
        ngettext("%(num)s problem.", "%(num)s problems.", problems) if problems else gettext("No problem.")
    ]
    if advice:
        said.append(ngettext("%(num)s thing could be better.", "%(num)s things could be better.", advice))
    if unchecked:
        said.append(ngettext("%(num)s thing was not checked.", "%(num)s things were not checked.", unchecked))
    said.append(gettext("%(count)s in order.", count=report.count(State.WELL)))
    return " ".join(said)


@dataclass(frozen=True, slots=True)
class Chapter:
    """One part of a report, as it is shown."""

    title: str
    findings: list[Finding]

    @property
    def all_well(self) -> bool:
        """Whether there is nothing in it that somebody has to read."""
        return all(finding.state is State.WELL for finding in self.findings)


def chapters(report: Report) -> list[Chapter]:
    """The parts that something was found about, in order."""
    found = ((title, report.of_part(part)) for part, title in PARTS.items())
    return [Chapter(words(title), findings) for title, findings in found if findings]


def shown(report: Report) -> dict[str, Any]:
    """What the templates need to show it."""
    return {
        "report": report,
        "gist": gist(report),
        "made": made(report),
        "chapters": chapters(report),
        "states": STATES,
        "marks": MARKS,
        "people": PEOPLE,
    }


def as_html(report: Report) -> str:
    """A web page of its own, with its style inside, fit for keeping and printing."""
    return render_template("admin/report.html", **shown(report))


def as_pdf(report: Report) -> bytes:
    """A tagged PDF (PDF/UA-1 wherever it can be), for archives and for people who listen to it."""
    loader, environment = current_app.jinja_env.loader, current_app.jinja_env
    if loader is None:
        raise LookupError("the application has no templates")
    source, _path, _fresh = loader.get_source(environment, "admin/report.typ")
    inputs = {"report": json.dumps(_plain(report))}
    try:
        return _compiled(source, inputs, pdf_standards=["ua-1"])
    except typst.TypstError:  # it forbids a letter that no font of this server has, as in a name
        return _compiled(source, inputs)


def _compiled(source: str, inputs: dict[str, str], **wishes: Any) -> bytes:
    pdf: bytes = typst.compile(source.encode(), sys_inputs=inputs, **wishes)
    return pdf


def _plain(report: Report) -> dict[str, Any]:
    """Everything the PDF says, in the reader's words."""
    locale = get_locale()
    return {
        "title": gettext("Setup of Observatory at %(of)s", of=report.of),
        "lang": locale.language if locale else "en",
        "made": made(report),
        "gist": gist(report),
        "labels": {"who": gettext("Who can mend it:"), "how": gettext("How:")},
        "chapters": [
            {"title": chapter.title, "findings": [_line(one) for one in chapter.findings]}
            for chapter in chapters(report)
        ],
    }


def _line(finding: Finding) -> dict[str, str]:
    return {
        "mark": MARKS[finding.state],
        "state": words(STATES[finding.state]),
        "kind": finding.state,
        "what": words(finding.what),
        "means": words(finding.means) if finding.means else "",
        "who": words(PEOPLE[finding.who]) if finding.who else "",
        "how": words(finding.how) if finding.how else "",
    }
