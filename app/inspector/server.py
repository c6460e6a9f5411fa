"""The server itself: settings, database, worker, and the keys it signs with."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from app import db, jobs, schema
from app.inspector.findings import Finding, Part, Who, advice, problem, well
from app.inspector.findings import said as _
from app.lti import keys
from app.settings import Settings

LATE = timedelta(minutes=1)
OLD_KEY = timedelta(days=365)
ASK_THE_LOG = _("Look for “job broke” in the worker's log, and report it.")


def settings(known: Settings) -> Iterator[Finding]:
    """What the environment says; that it makes sense was seen when it was read."""
    yield well(Part.SERVER, _("Settings: served at %(url)s", url=known.public_url))
    names = ", ".join(key.name for key in known.secret_keys)
    yield well(Part.SERVER, _("Secret keys: %(names)s; the first one seals", names=names))
    what = _("Canvas's operators can tell whom to ask about our calls")
    if "@" in known.contact or "://" in known.contact:
        yield well(Part.SERVER, what)
    else:
        how = _("Set OBSERVATORY_CONTACT to an e-mail or web address.")
        yield advice(Part.SERVER, what, _("No contact is set."), Who.OPERATOR, how)


def database() -> Finding:
    """Whether the database answers and has the tables of this release."""
    trouble = schema.problem()
    if trouble is None:
        return well(Part.SERVER, _("Database: %(kind)s", kind=db.database.engine.dialect.name))
    unmade = trouble is schema.Problem.NOT_MIGRATED
    means = _("It lacks tables of this release.") if unmade else _("It does not answer.")
    how = _("Run: observatory db upgrade") if unmade else _("Look at DATABASE_URL, and at the database.")
    return problem(Part.SERVER, _("Database"), means, Who.OPERATOR, how)


def worker(now: datetime, *, in_detail: bool) -> Iterator[Finding]:
    """Whether promised work gets done; numbers of the whole server only for who runs it."""
    backlog, workers = jobs.backlog(now), jobs.alive(now)
    what = _("A worker finishes what pages have promised")
    if not workers:
        means = _("None has shown a sign of life lately. Connections that need a second try wait.")
        yield problem(Part.SERVER, what, means, Who.OPERATOR, _("Start one: observatory worker"))
    elif backlog.oldest and now - backlog.oldest > LATE:
        means = _("Work has been waiting for more than a minute.")
        how = _("Start another worker, or look at its log.")
        yield problem(Part.SERVER, what, means, Who.OPERATOR, how)
    else:
        yield well(Part.SERVER, what)
    if in_detail and backlog.failed:
        means = _("%(count)s jobs were given up after failing unexpectedly.", count=backlog.failed)
        yield problem(Part.SERVER, _("No job was given up"), means, Who.OPERATOR, ASK_THE_LOG)


def tool_keys(now: datetime) -> Finding:
    """Whether there is a key of our own, published at /lti/jwks.json, and how old it is."""
    with db.reading() as session:
        current = keys.current(session, now)
        published = len(keys.jwks(session, now)["keys"])
    what = _("Observatory's own key for LTI is published")
    if current is None:
        means = _("There is none yet. It is made when a Canvas is registered.")
        return problem(Part.SERVER, what, means, Who.OPERATOR, _("Run: observatory platform add"))
    age = now - current.created_at
    if age > OLD_KEY:
        means = _("It is %(days)s days old. A key should be replaced once a year.", days=age.days)
        return advice(Part.SERVER, what, means, Who.OPERATOR, _("Run: observatory keys rotate"))
    return well(
        Part.SERVER,
        _(
            "Observatory's own key for LTI is published (%(days)s days old, %(count)s in all)",
            days=age.days,
            count=published,
        ),
    )
