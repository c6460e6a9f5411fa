"""The policy as a form: every setting, whom it is about, and what becomes of what is there already."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any
from zoneinfo import available_timezones

from flask_babel import format_date, gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectMultipleField, StringField, TextAreaField, ValidationError
from wtforms.validators import Length

from app.policy import LANGUAGES, Policy, Purpose
from app.web.fields import Day, Number, is_over

PURPOSES = {
    Purpose.PARENT: _("Parent or guardian"),
    Purpose.COACH: _("Coach"),
    Purpose.ADVISOR: _("Advisor"),
    Purpose.MENTOR: _("Mentor"),
    Purpose.TUTOR: _("Tutor"),
    Purpose.OTHER: _("Somebody else"),
}


def purpose(word: str) -> str:
    """What an observer is to a student, in words."""
    return str(PURPOSES[Purpose(word)])


TONGUES = {
    "en": _("English"),
    "es": _("Spanish"),
    "fr": _("French"),
    "pt": _("Portuguese"),
    "ar": _("Arabic"),
    "zh": _("Chinese"),
    "vi": _("Vietnamese"),
}


def several(label: LazyString, values: Iterable[str], description: LazyString) -> SelectMultipleField:
    """Boxes to tick; their words are in NAMED."""
    return SelectMultipleField(label, choices=[str(one) for one in values], description=description)


NAMED: dict[str, dict[str, LazyString]] = {
    "purposes": {str(one): words for one, words in PURPOSES.items()},
    "languages": TONGUES,
}


class PolicyForm(FlaskForm):
    """Every setting; proved by the launch's handle. A field is named as in app.policy.Policy."""

    class Meta:
        """No second token beside the handle."""

        csrf = False

    code_life = Number(
        _("Days a code lasts"),
        1,
        730,
        description=_(
            "For everybody who gets a code. Codes that were made already keep the date printed on them."
        ),
    )
    codes_until = Day(
        _("Or until a day, for all codes"),
        description=_(
            "For a school year: every new code lasts until the end of this day, whenever it is made."
            " After that day the number above counts again. Codes made already keep their date."
        ),
    )
    code_uses = Number(
        _("Times a code can be used"),
        1,
        20,
        description=_(
            "For families: with 2, both parents can use one letter. Codes made already keep their number."
        ),
    )
    teachers_issue = BooleanField(
        _("Teachers make codes for their course"),
        description=_(
            "If not, teachers still see who has an observer. Their codes stay good, and an administrator"
            " or the student makes new ones."
        ),
    )
    tas_issue = BooleanField(
        _("Teaching assistants make codes for their course"),
        description=_("If not, they see who has an observer and ask the teacher. Their codes stay good."),
    )
    students_issue = BooleanField(
        _("Students make codes for all their courses"),
        description=_(
            "If not, students still see who can see them. A code they have stays good until it ends."
        ),
    )
    observers_most = Number(
        _("Observers a student can have, at most"),
        1,
        50,
        needed=False,
        description=_(
            "Empty means any number. Everybody is counted who has a connection here, or one for all courses"
            " in Canvas. Nobody loses a connection; only new codes stop working for a student who has enough."
            " An administrator who connects one family is told and may add one more; an import tells how many"
            " students it gives more. Canvas's own codes of six characters are not stopped."
        ),
    )
    students_end = BooleanField(
        _("Students end connections themselves"),
        description=_(
            "For every student, also for connections that are there already. If not, their page tells them"
            " whom to ask and passes their wish on to you."
        ),
    )
    office = StringField(
        _("Whom students ask, and how"),
        [Length(max=300, message=_("Please use at most 300 characters."))],
        description=_("Shown to students, like: the school office, room 12, 555-0100."),
    )
    approval = BooleanField(
        _("Students agree before somebody sees them through another's code"),
        description=_(
            "For codes that teachers, assistants or administrators make, also those made already, and for"
            " whoever the office connects or imports. The observer waits, and sees nothing until the student"
            " says yes. Only for one family, and not in an import, an administrator can say that the student"
            " has agreed on paper or in person. Connections that are there already stay."
        ),
    )
    approval_days = Number(
        _("Days a student has to answer"),
        1,
        90,
        description=_(
            "After that the code can be used again. Who waits already keeps the day they were told."
        ),
    )
    agreement = TextAreaField(
        _("What observers agree to"),
        [Length(max=5000, message=_("Please use at most 5,000 characters."))],
        description=_(
            "Shown to every observer before they use their next code, once for each new text. Whom the office"
            " connects or imports is asked on their own page, when they come there next. Who agreed to which"
            " text, and when, is kept. Connections that are there already stay. Empty: nobody is asked."
        ),
    )
    purposes = several(
        _("What an observer can be to a student"),
        PURPOSES,
        _(
            "Teachers choose one of these for a code, and the student and the observer see it. Codes and"
            " connections made already keep theirs. None ticked: nobody is asked."
        ),
    )
    time_zone = StringField(
        _("Time zone of the school"),
        description=_(
            "Where the last day of a code or a connection ends, like America/Denver. Empty: where the person"
            " is who made the code. What was made already keeps its end."
        ),
    )
    notices = BooleanField(
        _("Tell observers when a connection was ended"),
        description=_("On their own page, for two weeks. If not, the connection is just gone from there."),
    )
    languages = several(
        _("Languages of letters"),
        TONGUES,
        _("For families who get a letter on paper. Letters that were printed do not change."),
    )
    codes_days = Number(
        _("Days the text of an ended code is kept"),
        1,
        3650,
        description=_(
            "After that nobody can read the old code any more. That it was made and used stays known."
        ),
    )
    links_days = Number(
        _("Days an ended connection is kept"),
        30,
        36500,
        description=_(
            "For your own records of who could see whom. Counts for connections ended already, too."
        ),
    )
    audit_days = Number(
        _("Days the record of events is kept"),
        30,
        36500,
        description=_("Who did what and when. A shorter time also lets go of what is older already."),
    )

    def validate_time_zone(self, field: StringField) -> None:
        """Only one that the world has."""
        if field.data and field.data not in available_timezones():
            raise ValidationError(gettext("We do not know this time zone. It looks like America/Denver."))

    def validate_languages(self, field: SelectMultipleField) -> None:
        """A letter needs one."""
        if not field.data:
            raise ValidationError(gettext("Please tick at least one language."))

    def policy(self) -> Policy:
        """What was typed, once it is valid."""
        given: dict[str, Any] = dict(self.data)
        given["code_life"] = timedelta(days=given["code_life"])
        given["office"] = " ".join((given["office"] or "").split())
        given["agreement"] = (given["agreement"] or "").replace("\r\n", "\n").strip()
        given["time_zone"] = given["time_zone"] or ""
        given["purposes"] = tuple(one for one in Purpose if one in given["purposes"])
        given["languages"] = tuple(one for one in LANGUAGES if one in given["languages"])
        return Policy(**given)


def filled(policy: Policy) -> PolicyForm:
    """The form as this policy has it; without a day that is over, for no code lasts until then any more."""
    data = {name: getattr(policy, name) for name in Policy.__dataclass_fields__}
    data["code_life"] = policy.code_life.days
    if policy.codes_until is not None and is_over(policy.codes_until):
        data["codes_until"] = None
    return PolicyForm(formdata=None, data=data)


GROUPS = (
    (_("Codes"), ("code_life", "codes_until", "code_uses")),
    (_("Who makes codes"), ("teachers_issue", "tas_issue", "students_issue")),
    (_("Who can see a student"), ("observers_most", "students_end", "office")),
    (_("Agreement"), ("approval", "approval_days", "agreement")),
    (_("Codes for one course"), ("purposes", "time_zone")),
    (_("Telling, writing and keeping"), ("notices", "languages", "codes_days", "links_days", "audit_days")),
)

NOTHING: dict[str, Callable[[], str]] = {
    "codes_until": lambda: gettext("no day"),
    "observers_most": lambda: gettext("any number"),
    "office": lambda: gettext("nobody named"),
    "agreement": lambda: gettext("nothing to agree to"),
    "purposes": lambda: gettext("none"),
    "time_zone": lambda: gettext("that of the person"),
}


def told(name: str, policy: Policy) -> str:
    """What a setting is, in words."""
    value = getattr(policy, name)
    match value:
        case bool():
            return gettext("yes") if value else gettext("no")
        case None | "" | ():
            return NOTHING[name]()
        case timedelta():
            return ngettext("%(num)s day", "%(num)s days", value.days)
        case date():
            return str(format_date(value, "long"))
        case tuple():
            return ", ".join(str(NAMED[name][one]) for one in value)
        case _:
            return str(value)
