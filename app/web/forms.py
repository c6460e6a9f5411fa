"""What people type, and how it is checked at the door."""

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectMultipleField, StringField
from wtforms.validators import Length, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

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


class IssueForm(FlaskForm):
    """For which students: those ticked, those who have nobody yet, or everybody.

    Inside Canvas's frame the launch's random handle is the proof; no cookie is needed, nor a token beside it.
    """

    class Meta:
        """No second token beside the handle."""

        csrf = False

    students = SelectMultipleField(
        _("Students"),
        validate_choice=False,  # who may be chosen is asked of Canvas, not of the form
        widget=ListWidget(),
        option_widget=CheckboxInput(),
    )
    whom = HiddenField(validators=[Length(max=20)])
    purpose = HiddenField(validators=[Length(max=20)])
    last_day = Day(_("Last day, if it should end by itself"))


def _trim(typed: str | None) -> str:
    return (typed or "").strip()


class DryRunForm(FlaskForm):
    """Two people made for testing, by their numbers in Canvas; proved by the launch's handle."""

    class Meta:
        """No second token beside the handle."""

        csrf = False

    student = StringField(_("Test student's number in Canvas"), [Regexp(CANVAS_ID)], [_trim])
    observer = StringField(_("Test observer's number in Canvas"), [Regexp(CANVAS_ID)], [_trim])
