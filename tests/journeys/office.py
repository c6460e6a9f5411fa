"""An administrator at the school office: finding people, and what the service account may do for them."""

from typing import Any

from tests.browser import Page
from tests.people import ADMIN, SERVICE, Admin, School

SEARCH = "url:GET|/api/v1/accounts/:account_id/users"
CREATE = "url:POST|/api/v1/accounts/:account_id/users"
PROVE = "url:POST|/api/v1/users/:user_id/observees"
NATIVE = "url:POST|/api/v1/users/:user_id/observer_pairing_codes"
EVERYTHING = (SEARCH, CREATE, PROVE, NATIVE)


def allow(school: School, *scopes: str, permissions: tuple[str, ...] = ()) -> None:
    """The lent account's token and its key have these scopes too, and its role these permissions."""

    def give(world: dict[str, Any]) -> None:
        for row in (*world["developer_keys"], *world["access_tokens"]):
            row["scopes"] = list(dict.fromkeys([*row["scopes"], *scopes]))
        for row in world["admins"]:
            if row["user_id"] == SERVICE:
                row["permissions"] = list({*row["permissions"], *permissions})

    school.changes(give)


class Office(Admin):
    """An administrator who helps one family after the other."""

    def __init__(self, school: School, user_id: int = ADMIN) -> None:
        super().__init__(school, user_id)

    def families(self) -> Page:
        return self.press(self.opens(), "Find somebody")

    def searches(self, term: str) -> Page:
        return self.press(self.families(), "Search", term=term)

    def finds(self, term: str, name: str) -> Page:
        """Somebody's page."""
        return self.press(self.searches(term), f"Open {name}")

    def adds_observer(self, page: Page, term: str, name: str, **reach: str) -> Page:
        """From a student's page, connect somebody."""
        found = self.press(page, "Find the observer", term=term)
        return self.press(self.press(found, f"Choose {name}"), "Connect", **reach)
