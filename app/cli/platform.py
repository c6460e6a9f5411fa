"""The Canvases that may open this tool, and the keys that both sides know each other by."""

import os
from datetime import UTC, datetime, timedelta

import click
from sqlalchemy import select

from app import db, resealing
from app.canvas import grants
from app.cli.shell import Sorry, operating
from app.lti import invitations, keys, platforms
from app.lti.environments import ENVIRONMENTS, slug_for
from app.models import Institution
from app.settings import host_of

LONGEST_OVERLAP = 3650  # days of two keys


@click.group()
def platform() -> None:
    """The Canvases that may open this tool."""


@platform.command()
@click.option(
    "--environment",
    type=click.Choice(list(ENVIRONMENTS)),
    default="production",
    show_default=True,
    help="Of hosted Canvas: gives the four addresses below. Beta and test are institutions of their own.",
)
@click.option("--issuer", help="Of a Canvas of your own, as are the next three.")
@click.option("--authorize-url")
@click.option("--token-url")
@click.option("--jwks-url")
@click.option("--client-id", required=True, help="Of the LTI key.")
@click.option(
    "--deployment-id", help="Of the installed app; if left out, an administrator's launch shows it."
)
@click.option("--canvas-url", required=True, help="Where people open this Canvas.")
@click.option("--slug", help="Of the institution, in /at/<slug>/; from the Canvas address if left out.")
@click.option("--name", help="Of the institution; the Canvas address if left out.")
@click.option("--host", help="Public host name of the institution's own pages.")
@click.option(
    "--oauth-client-id",
    help="Of the API key. Its secret is asked for, or is in OBSERVATORY_OAUTH_CLIENT_SECRET.",
)
def add(
    environment: str,
    canvas_url: str,
    slug: str | None,
    oauth_client_id: str | None,
    **words: str | None,
) -> None:
    """Register a Canvas, or change what is known of it. Safe to repeat."""
    oauth_client_secret = os.environ.get("OBSERVATORY_OAUTH_CLIENT_SECRET")
    if oauth_client_id and not oauth_client_secret:
        oauth_client_secret = click.prompt("Secret of the API key", hide_input=True)
    slug = slug or slug_for(host_of(canvas_url), environment)
    hosted = ENVIRONMENTS[environment]
    with operating() as app, db.transaction() as session:
        keyring = app.extensions["keyring"]
        complaints = platforms.add(
            session,
            keyring,
            slug=slug,
            name=words["name"],
            canvas_url=canvas_url,
            issuer=words["issuer"] or hosted.issuer,
            client_id=words["client_id"] or "",
            deployment_id=words["deployment_id"],
            authorize_url=words["authorize_url"] or hosted.authorize_url,
            token_url=words["token_url"] or hosted.token_url,
            jwks_url=words["jwks_url"] or hosted.jwks_url,
            host=words["host"],
            now=datetime.now(UTC),
        )
        if complaints:
            raise Sorry(*complaints)
        institution = session.scalars(select(Institution).where(Institution.slug == slug)).one()
        if oauth_client_id and oauth_client_secret:
            grants.keep_key(keyring, institution, oauth_client_id, oauth_client_secret)
    click.echo(f"{institution.name} ({slug}) is registered.")


@platform.command()
@click.option("--canvas-url", required=True, help="Where people open this Canvas; no other can use the link.")
@click.option("--slug", help="Of the institution, in /at/<slug>/; from the Canvas address if left out.")
@click.option("--name", help="Of the institution; its administrator may change it.")
def invite(canvas_url: str, slug: str | None, name: str | None) -> None:
    """Make a link with which a Canvas registers itself: once, and within a week."""
    slug = slug or host_of(canvas_url).partition(".")[0]
    with operating() as app, db.transaction() as session:
        made = invitations.invite(session, slug, name, canvas_url, datetime.now(UTC))
        if not isinstance(made, str):
            raise Sorry(*made)
        public_url = app.extensions["settings"].public_url
    click.echo(f"{public_url}/lti/register?invite={made}")
    click.echo("Works once, for seven days. Give it to an administrator of that Canvas only.", err=True)


@click.group(name="keys")
def tool_keys() -> None:
    """Our own keys, which Canvas knows us by."""


def _days(_context: click.Context, _option: click.Parameter, days: float) -> timedelta:
    if not 0 <= days <= LONGEST_OVERLAP:  # which is not true of what is no number, either
        raise click.BadParameter(f"Say a number of days from 0 to {LONGEST_OVERLAP}.")
    return timedelta(days=days)


@tool_keys.command(name="rotate")
@click.option(
    "--retire-after",
    type=float,
    callback=_days,
    default=7,
    show_default=True,
    help="Days until the former keys go; 0 if one of them is stolen.",
)
def rotate_keys(retire_after: timedelta) -> None:
    """Make a new key. The former ones stay published for a while, for Canvas remembers them."""
    now = datetime.now(UTC)
    with operating() as app, db.transaction() as session:
        made = keys.rotate(session, app.extensions["keyring"], now, retire_after)
    click.echo(f"Key {made.kid} is in use. Former keys go on {now + retire_after:%Y-%m-%d}.")


@click.group(name="secrets")
def kept_secrets() -> None:
    """What the database holds sealed."""


@kept_secrets.command(name="rotate")
def rotate_secrets() -> None:
    """Seal everything anew with the first of OBSERVATORY_SECRET_KEYS. Safe to repeat."""
    with operating() as app:
        tally = resealing.reseal(app.extensions["keyring"], datetime.now(UTC))
    click.echo(f"{tally.resealed} secrets are sealed anew with the first key.")
    if tally.unreadable:
        raise Sorry("No key opens these; keep the older keys until you know why:", *tally.unreadable)
    click.echo("Once every server and worker has the new first key, the older ones may go.")
