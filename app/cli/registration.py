"""How families come in: who may make an account, and whether Canvas leads to the first page."""

from datetime import UTC, datetime
from typing import BinaryIO, TextIO

import click

from app import audit, db
from app.canvas import authentication_providers
from app.canvas.authentication_providers import SelfRegistration
from app.cli.shell import Sorry, as_json, for_institution, page_words, really, say_json, service
from app.errors import CanvasMissing
from app.models import Institution, Shown
from app.pairing import front
from app.people import Operator
from app.web.registration import lead, learned, let_sign_up
from app.web.tenants import address

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
    try:
        done = let_sign_up(service(at), SelfRegistration(who), Operator(at.id))
    except CanvasMissing:
        raise Sorry(page_words(WORDS, "notice", "no_own_login")) from None
    learned(at)  # so that the first page and the form follow at once
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


@discovery.command()
@click.option("--text", type=click.File("r", "utf-8"), help="What it says first; - reads it here.")
@click.option("--picture", type=click.File("rb"), help="Such as the school's logo: PNG, JPEG or WebP.")
@click.option("--no-picture", is_flag=True, help="Take the picture away.")
@for_institution
def page(at: Institution, text: TextIO | None, picture: BinaryIO | None, no_picture: bool) -> None:
    """Show what the first page says, or change its text or its picture."""
    with db.reading() as session:
        now = front.of(session, at.id)
    if text or picture or no_picture:
        said = _read(text) if text else now.text or ""
        shown = picture.read() if picture else b"" if no_picture else None
        wrong = front.wrong_with(said, shown)
        if wrong is not None or (picture and not shown):
            raise Sorry(page_words(WORDS, "notice", wrong or "picture"))
        with db.transaction() as session:
            front.keep(session, Operator(at.id), said, shown, datetime.now(UTC))
            now = front.of(session, at.id)
    click.echo(f"Text:    {now.text or 'our own words'}")
    click.echo(f"Picture: {now.logo_type or 'none'}")


def _read(text: TextIO) -> str:
    try:
        return text.read().strip()
    except UnicodeDecodeError:
        raise Sorry(f"observatory: {text.name} is no text in UTF-8. Save it so, and try again.") from None


@discovery.command()
@as_json
@for_institution
def logins(at: Institution, machine: bool) -> None:
    """Read the ways to log in from Canvas, and show whom the first page shows each."""
    providers = authentication_providers.of_account(service(at))
    with db.transaction() as session:
        front.follow(session, Operator(at.id), providers, datetime.now(UTC))
    with db.reading() as session:
        ways = front.ways(session, at.id)
    told = [{"number": w.id, "type": w.type, "label": w.label, "shown": w.shown} for w in ways]
    if machine:
        say_json(told)
        return
    for way in ways:
        click.echo(
            f"{way.id:>4}  {front.address(at.canvas_url, way)}  {way.label or ''}  shown to: {way.shown}"
        )


@discovery.command()
@click.argument("number", type=int)
@click.option("--shown", type=click.Choice([one.value for one in Shown]), help="To whom.")
@click.option("--label", help="On its button; empty: what fits its kind.")
@for_institution
def login(at: Institution, number: int, shown: str | None, label: str | None) -> None:
    """Decide whom the first page shows the login with this NUMBER, and what its button says."""
    with db.transaction() as session:
        way = next((one for one in front.ways(session, at.id) if one.id == number), None)
        if way is None:
            raise Sorry("observatory: there is no login with this number. Run: observatory discovery logins")
        way.shown = Shown(shown) if shown else way.shown
        if label is not None:
            way.label = front.as_label(label)
        event, now = audit.Event.FRONT_PAGE_CHANGED, datetime.now(UTC)
        audit.record(session, at.id, event, now, what="way", way=way.id)
    click.echo("The first page shows it so from now on.")


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
