"""Hosted Canvas's three environments (Canvas API docs, "Configuring Canvas in the Tool")."""

from dataclasses import dataclass

AUTHORIZE_PATH = "/api/lti/authorize_redirect"
TOKEN_PATH = "/login/oauth2/token"  # noqa: S105  an address
JWKS_PATH = "/api/lti/security/jwks"


@dataclass(frozen=True, slots=True)
class Environment:
    """Who signs the launches of every school in it, and where it answers for all of them."""

    issuer: str
    sso: str

    @property
    def authorize_url(self) -> str:
        """Where logins go on."""
        return self.sso + AUTHORIZE_PATH

    @property
    def token_url(self) -> str:
        """Where service tokens are had."""
        return self.sso + TOKEN_PATH

    @property
    def jwks_url(self) -> str:
        """Where its public keys are."""
        return self.sso + JWKS_PATH


ENVIRONMENTS = {
    "production": Environment("https://canvas.instructure.com", "https://sso.canvaslms.com"),
    "beta": Environment("https://canvas.beta.instructure.com", "https://sso.beta.canvaslms.com"),
    "test": Environment("https://canvas.test.instructure.com", "https://sso.test.canvaslms.com"),
}


def slug_for(host: str, environment: str) -> str:
    """A slug from a Canvas's host; beta and test are copies of a school, and must not be mixed with it."""
    school = host.partition(".")[0]
    return school if environment == "production" else f"{school}-{environment}"
