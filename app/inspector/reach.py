"""Whether Canvas answers, what time it has, and whether its keys can be fetched."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from app.inspector.findings import Finding, Part, Who, problem, unchecked, well
from app.inspector.findings import said as _
from app.inspector.stranger import Heard, NoAnswer, Stranger
from app.lti import keysets
from app.models import Institution, Platform

MOST_SKEW = timedelta(seconds=30)  # tokens live a minute beyond their times, on either side


def canvas(institution: Institution, stranger: Stranger, clock: Callable[[], datetime]) -> list[Finding]:
    """Whether something answers there as Canvas does, and whether its clock and ours agree."""
    url = institution.canvas_url
    what = _("Canvas answers at %(url)s", url=url)
    how = _("Check the address and the network. The address is changed with: observatory platform add")
    try:
        heard = stranger.asks(f"{url}/api/v1/users/self/profile")
    except NoAnswer as failure:
        means = _("No answer (%(failure)s). Nothing can be done in Canvas meanwhile.", failure=str(failure))
        return [problem(Part.CANVAS, what, means, Who.OPERATOR, how)]
    if not _is_canvas(heard):
        means = _("Something answers there, but not as Canvas does (status %(status)s).", status=heard.status)
        return [problem(Part.CANVAS, what, means, Who.OPERATOR, how)]
    return [well(Part.CANVAS, what), agree(heard.date, clock() - heard.took / 2)]


def _is_canvas(heard: Heard) -> bool:
    """Canvas refuses who brings no token with a body of its own (Canvas "API Authentication")."""
    try:
        said = json.loads(heard.body)
    except ValueError:
        return False
    return heard.status == 401 and isinstance(said, dict) and ("status" in said or "errors" in said)


def agree(theirs: datetime | None, ours: datetime) -> Finding:
    """Whether the two clocks agree; a header tells whole seconds."""
    what = _("The clocks of Canvas and of this server agree")
    if theirs is None:
        return unchecked(Part.CANVAS, what, _("Canvas does not say what time it is."))
    apart = abs(ours - theirs)
    if apart <= MOST_SKEW:
        return well(Part.CANVAS, what)
    means = _(
        "They are %(seconds)s seconds apart. Launches may be refused as too old or too new.",
        seconds=round(apart.total_seconds()),
    )
    return problem(Part.CANVAS, what, means, Who.OPERATOR, _("Let the server's clock be set by NTP."))


def key_set(platform: Platform, stranger: Stranger) -> Finding:
    """Whether the platform's public keys can be fetched (LTI Security 1.1, section 6.3)."""
    what = _("Canvas's keys can be fetched from %(url)s", url=platform.jwks_url)
    try:
        heard = stranger.asks(platform.jwks_url)
        if heard.status != 200:
            raise NoAnswer(str(heard.status))
        keysets.parse(heard.body)
    except (NoAnswer, ValueError) as failure:
        told = str(failure) if isinstance(failure, NoAnswer) else type(failure).__name__
        means = _("There are no keys (%(failure)s). Nobody can open Observatory from Canvas.", failure=told)
        how = _("Check the address (observatory platform add --jwks-url) and the network.")
        return problem(Part.CANVAS, what, means, Who.OPERATOR, how)
    return well(Part.CANVAS, what)
