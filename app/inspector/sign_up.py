"""How families get an account and find the right login: self-registration, providers, discovery address.

Nothing here is needed for pairing; it decides what an observer without an account can do.
"""

from urllib.parse import urljoin, urlsplit

from app.canvas import Canvas, accounts, authentication_providers
from app.errors import CanvasFailure, CanvasForbids, ScopeMissing
from app.inspector import failures
from app.inspector.findings import Finding, Part, Who, advice, unchecked, well
from app.inspector.findings import said as _
from app.inspector.stranger import NoAnswer, Stranger
from app.models import Institution
from app.pairing import front

AUTHENTICATION = "Admin → Authentication"


def self_registration(canvas: Canvas) -> Finding:
    """Whether a parent can make an account by themself, which needs no right to be read.

    Canvas "Accounts", GET /api/v1/accounts/:account_id/terms_of_service.
    """
    what = _("Observers can make an account by themselves, with a code")
    try:
        allowed = accounts.terms_of_service(canvas).self_registration_type
    except CanvasFailure as failure:
        return unchecked(Part.SIGN_UP, what, failures.told(failure))
    if allowed in ("observer", "all"):
        return well(Part.SIGN_UP, what)
    means = _("Self-registration is off: somebody at school has to make accounts for them.")
    how = _("%(page)s → Canvas → Self Registration: for observers", page=AUTHENTICATION)
    return advice(Part.SIGN_UP, what, means, Who.ADMIN, how)


def providers(canvas: Canvas) -> Finding:
    """The ways to sign in, where the account may see them; it does not have to."""
    what = _("The ways to sign in to Canvas are known")
    try:
        found = authentication_providers.of_account(canvas)
    except (CanvasForbids, ScopeMissing):
        why = _(
            "Only an account that may change the account's settings sees them. The service account "
            "does not need that; look yourself: %(page)s",
            page=AUTHENTICATION,
        )
        return unchecked(Part.SIGN_UP, what, why)
    except CanvasFailure as failure:
        return unchecked(Part.SIGN_UP, what, failures.told(failure))
    names = ", ".join(one.type for one in found)
    return well(Part.SIGN_UP, _("Ways to sign in to Canvas: %(names)s", names=names))


def discovery(institution: Institution, public_url: str, stranger: Stranger) -> Finding:
    """Where somebody lands who opens Canvas without having signed in.

    GET /login leads to the discovery address if there is one, else to the first provider (canvas-lms,
    login_controller.rb).
    """
    what = _("Who opens Canvas is led to Observatory's first page, to choose the right login")
    login = f"{institution.canvas_url}/login"
    try:
        heard = stranger.asks(login)
    except NoAnswer as failure:
        return unchecked(Part.SIGN_UP, what, _("Canvas did not answer (%(failure)s).", failure=str(failure)))
    target = urljoin(login, heard.headers.get("location", ""))
    home = front.home(institution, public_url)
    if target.partition("?")[0] == home:
        return well(Part.SIGN_UP, what)
    if not 300 <= heard.status < 400:
        return unchecked(Part.SIGN_UP, what, _("Canvas shows a page of its own there."))
    how = _("%(page)s → Settings → Discovery URL: %(url)s", page=AUTHENTICATION, url=home)
    if urlsplit(target).netloc == urlsplit(login).netloc:
        means = _("They are led straight to one login, %(login)s.", login=urlsplit(target).path)
    else:
        means = _("They are led to another page, %(url)s.", url=target.partition("?")[0])
    return advice(Part.SIGN_UP, what, means, Who.ADMIN, how)
