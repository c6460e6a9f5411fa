"""How families come in: who may make an account, and whether Canvas leads to the first page."""

import click

from app.canvas import authentication_providers
from app.canvas.authentication_providers import SelfRegistration
from app.cli.shell import Sorry, as_json, for_institution, page_words, really, say_json, service
from app.models import Institution
from app.pairing import front
from app.people import Operator
from app.web.registration import address, lead, learned, let_sign_up

WORDS = "admin/registration_words.html"


@click.group()
def registration() -> None:
    """Who may make an account in Canvas by themselves."""


@registration.command(name="show")
@as_json
@for_institution
def who(at: Institution, machine: bool) -> None:
    """Show who may make an account, as Canvas says."""
    said = learned(at).self_registration
    if machine:
        say_json({"who": said})
    elif said is None:
        raise Sorry("observatory: Canvas does not say at the moment who may make an account.")
    else:
        click.echo(f"{said}: {page_words(WORDS, 'choice', said)}")


@registration.command(name="set")
@click.argument("who", type=click.Choice([one.value for one in SelfRegistration]))
@for_institution
def choose(at: Institution, who: str) -> None:
    """Set in Canvas who may make an account: nobody, observers with a code, or everybody."""
    done = let_sign_up(service(at), SelfRegistration(who), Operator(at.id))
    _told("chosen" if done else "unchanged", done)
    click.echo(page_words(WORDS, "meaning", who))


@click.group()
def discovery() -> None:
    """Where Canvas sends whoever is not logged in: its discovery URL."""


@discovery.command(name="show")
@as_json
@for_institution
def where(at: Institution, machine: bool) -> None:
    """Show where Canvas leads people to now, and the address of the first page."""
    now = authentication_providers.sso_settings(service(at)).discovery_url or None
    if machine:
        say_json({"canvas_leads_to": now, "first_page": address(at)})
        return
    click.echo(f"Canvas leads to: {now or 'its own login'}")
    click.echo(f"The first page:  {address(at)}")


@discovery.command(name="set")
@really
@for_institution
def lead_here(at: Institution, really: bool) -> None:
    """Have Canvas lead whoever is not logged in to the first page of Observatory."""
    _lead(at, address(at), really)


@discovery.command()
@really
@for_institution
def unset(at: Institution, really: bool) -> None:
    """Have Canvas lead to its own login again."""
    _lead(at, None, really)


def _lead(at: Institution, wanted: str | None, really: bool) -> None:
    lent = service(at)
    before = authentication_providers.sso_settings(lent).discovery_url or None
    click.echo(f"Canvas leads to: {before or 'its own login'} → {wanted or 'its own login'}")
    click.echo(f"Canvas's own login always stays at {front.canvas_login(at.canvas_url)}")
    if before == wanted:
        click.echo("Nothing is different from how it is now.")
    elif not really:
        click.echo("Nothing was changed yet. Add --yes to do it.")
    else:
        done = lead(lent, wanted, before, Operator(at.id))
        _told(("leads" if wanted else "leads_no_more") if done else "unchanged", done)


def _told(word: str, done: bool) -> None:
    said = page_words(WORDS, "notice", word)
    if not done:
        raise Sorry(said)
    click.echo(said)
