"""Users API: who somebody is."""

from dataclasses import dataclass

from app.canvas.answers import Fields
from app.canvas.client import Canvas, path


@dataclass(frozen=True, slots=True)
class User:
    """A Canvas user. The last field is told by the User Observees API only."""

    id: str
    name: str
    sortable_name: str
    observation_link_root_account_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """What a user's profile says: `time_zone` is an IANA name, `locale` a language they chose."""

    id: str
    name: str
    time_zone: str | None
    locale: str | None


def user(fields: Fields) -> User:
    """A user object of any API; the links only where Canvas tells them."""
    name = fields.text("name")
    links = "observation_link_root_account_ids"
    return User(
        fields.id(),
        name,
        fields.optional_text("sortable_name") or name,
        fields.ids(links) if fields.has(links) else (),
    )


def profile(canvas: Canvas, user_id: str = "self") -> Profile:
    """A user's profile. Users API, GET /api/v1/users/:user_id/profile."""
    fields = canvas.get(path("users", user_id, "profile")).object()
    return Profile(
        fields.id(), fields.text("name"), fields.optional_text("time_zone"), fields.optional_text("locale")
    )
