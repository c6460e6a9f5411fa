"""Fields of forms that keep whatever was typed, and say kindly what they can take."""

from datetime import date, timedelta
from typing import Any

from flask_babel import gettext
from flask_babel.speaklater import LazyString
from wtforms import DateField, IntegerField

from app.web import visit

FARTHEST = timedelta(days=3 * 366)


def is_over(day: date) -> bool:
    """Whether a day is over everywhere; somewhere it may still be yesterday."""
    return day < visit.now().date() - timedelta(days=1)


class Number(IntegerField):
    """A whole number between two others; may be left out if `needed` is false."""

    def __init__(self, label: LazyString, low: int, high: int, needed: bool = True, **kwargs: Any) -> None:
        self.low, self.high, self.needed = low, high, needed
        super().__init__(label, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; it stays in the field whatever it is."""
        typed = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not typed and not self.needed:
            return
        good = typed.isascii() and typed.isdigit() and len(typed) < 9
        if not good or not self.low <= int(typed) <= self.high:
            raise ValueError(
                gettext("Please give a whole number from %(low)s to %(high)s.", low=self.low, high=self.high)
            )
        self.data = int(typed)


class Day(DateField):
    """A day to come, or nothing."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; it stays in the field whatever it is."""
        typed = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not typed:
            return
        try:
            day = date.fromisoformat(typed)
        except ValueError:
            raise ValueError(gettext("Please give a day like 2027-06-30.")) from None
        if is_over(day):
            raise ValueError(
                gettext("This day is over. Please choose a later one, or leave the field empty.")
            )
        if day > visit.now().date() + FARTHEST:
            raise ValueError(gettext("This day is more than three years away. Please choose an earlier one."))
        self.data = day
