"""What the institution allows: shown, changed, or taken over from a proposal."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click
from werkzeug.datastructures import MultiDict

from app import db
from app import policy as policies
from app.cli.shell import Sorry, as_json, for_institution, really, say_json
from app.models import Institution
from app.people import Operator
from app.policy import PRESETS, InForce, Policy
from app.web.policy import put_in_force
from app.web.policy_form import GROUPS, PolicyForm, filled, told

SAID = {"yes": True, "no": False}


@click.group()
def policy() -> None:
    """What the institution allows."""


@policy.command()
@as_json
@for_institution
def show(at: Institution, machine: bool) -> None:
    """Show every setting as it is, by the name that `policy set` knows it by."""
    now = _in_force(at).policy
    if machine:
        say_json({name: _plain(getattr(now, name)) for name in Policy.__dataclass_fields__})
        return
    form = filled(now)
    for words, names in GROUPS:
        click.echo(f"{words}:")
        for name in names:
            click.echo(f"  {name:<15} {told(name, now)}")
            click.echo(f"  {'':<15} {form[name].label.text}")


def _plain(value: object) -> object:
    match value:
        case timedelta():
            return value.days
        case date():
            return value.isoformat()
    return value


@policy.command(name="set")
@click.argument("settings", nargs=-1, required=True, metavar="NAME=VALUE…")
@really
@for_institution
def change(at: Institution, settings: tuple[str, ...], really: bool) -> None:
    """Change settings.

    A value is yes or no, a number, a day like 2027-06-30, words with commas between, or @FILE for a text.
    Nothing after the sign, as in observers_most=, is what an empty field of the page is.
    """
    now = _in_force(at)
    form = PolicyForm(formdata=_typed(now.policy, settings))
    if not form.validate():
        raise Sorry(*(f"{name}: {' '.join(said)}" for name, said in form.errors.items()))
    _decide(at, now, form.policy(), really)


@policy.command()
@click.argument("name", type=click.Choice(list(PRESETS)))
@really
@for_institution
def preset(at: Institution, name: str, really: bool) -> None:
    """Take over what suits a school, or a college; whatever else was decided stays."""
    now = _in_force(at)
    _decide(at, now, policies.proposed(now.policy, name), really)


def _in_force(at: Institution) -> InForce:
    with db.reading() as session:
        return policies.in_force(session, at.id)


def _typed(now: Policy, settings: tuple[str, ...]) -> MultiDict[str, str]:
    """Every field as the page would send it: as it is now, but for what was typed."""
    form = filled(now)
    fields = {name: _field(form[name].data) for name in Policy.__dataclass_fields__}
    for setting in settings:
        name, sign, value = setting.partition("=")
        if name not in fields or not sign:
            raise Sorry(f"observatory: {setting!r} is no setting. Say NAME=VALUE, with one of these names:",
                        "  " + ", ".join(fields))  # fmt: skip
        fields[name] = _value(name, value, form[name].data)
    return MultiDict((name, one) for name, several in fields.items() for one in several)


def _field(value: object) -> list[str]:
    match value:
        case bool():
            return ["y"] if value else []
        case tuple() | list():
            return [str(one) for one in value]
        case None:
            return [""]
    return [str(value)]


def _value(name: str, typed: str, now: object) -> list[str]:
    match now:
        case bool():
            if typed not in SAID:
                raise Sorry(f"{name}: Please say yes or no.")
            return _field(SAID[typed])
        case tuple() | list():
            return [one.strip() for one in typed.split(",") if one.strip()]
    return [_text(typed[1:]) if typed.startswith("@") else typed]


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Sorry(f"observatory: {file} cannot be read as a text.") from None


def _decide(at: Institution, now: InForce, new: Policy, really: bool) -> None:
    """Tell what would be different and whom it is about, and do it if that is wanted."""
    names = policies.changes(now.policy, new)
    form = filled(new)
    for name in names:
        click.echo(f"{form[name].label.text} ({name}): {told(name, now.policy)} → {told(name, new)}")
        click.echo(f"  {form[name].description}")
    if not names:
        click.echo("Nothing is different from what holds now.")
    elif not really:
        click.echo("Nothing was changed yet. Add --yes to do it.")
    elif put_in_force(Operator(at.id), new, now.version, datetime.now(UTC)):
        click.echo("The policy is in force.")
    else:
        raise Sorry("observatory: somebody else has changed the policy meanwhile. Run it again.")
