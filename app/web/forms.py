"""What people type, and how it is checked at the door."""

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectMultipleField, StringField
from wtforms.validators import Length, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from app.pairing.codes import Terms
from app.policy import Policy
from app.web import visit
from app.web.fields import Day

CANVAS_ID = r"[0-9]{1,19}\Z"
MOST_TYPED = 400  # characters: room for a dozen codes


class RedeemForm(FlaskForm):
    """One code, or several with commas between them."""

    code = StringField(_("Pairing code"), validators=[Length(max=MOST_TYPED)])


class LeaveForm(FlaskForm):
    """Which student, and which course if not all."""

    student = HiddenField(validators=[Length(min=1, max=40)])
    course = HiddenField(validators=[Length(max=40)])


class TermsForm(FlaskForm):
    """What a code for one course says of its connection: what the observer is, and the last day.

    Inside Canvas's frame the launch's random handle is the proof; no cookie is needed, nor a token beside it.
    """

    class Meta:
        """No second token beside the handle."""

        csrf = False

    purpose = HiddenField(validators=[Length(max=20)])
    last_day = Day(_("Last day, if it should end by itself"))

    def terms(self, rule: Policy, person_zone: str | None) -> Terms | None:
        """What was typed. None: it makes no sense, and the field says why."""
        if not self.validate():
            return None
        day = self.last_day.data
        if day is not None and rule.end_of(day, person_zone) <= visit.now():
            self.last_day.errors = (
                gettext("This day is over. Please choose a later one, or leave it empty."),
            )
            return None
        return Terms(self.purpose.data if self.purpose.data in rule.purposes else None, day)


class IssueForm(TermsForm):
    """For which students: those ticked, those who have nobody yet, or everybody."""

    students = SelectMultipleField(
        _("Students"),
        validate_choice=False,  # who may be chosen is asked of Canvas, not of the form
        widget=ListWidget(),
        option_widget=CheckboxInput(),
    )
    whom = HiddenField(validators=[Length(max=20)])


def _trim(typed: str | None) -> str:
    return (typed or "").strip()


class DryRunForm(FlaskForm):
    """Two people made for testing, by their numbers in Canvas; proved by the launch's handle."""

    class Meta:
        """No second token beside the handle."""

        csrf = False

    student = StringField(_("Test student's number in Canvas"), [Regexp(CANVAS_ID)], [_trim])
    observer = StringField(_("Test observer's number in Canvas"), [Regexp(CANVAS_ID)], [_trim])
