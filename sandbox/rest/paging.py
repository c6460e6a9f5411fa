"""Pages and their `link` header (Canvas API docs, "Pagination")."""

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TypeVar
from urllib.parse import quote

from flask import g, request

from sandbox.answers import not_found
from sandbox.rest import params

Item = TypeVar("Item")
LARGEST = 100


def numbered(items: Iterable[Item], total: int | None = None, page: int | None = None) -> list[Item]:
    """A numbered page; without `total` there is no `last` relation."""
    page, size = page or _page_number(), _page_size()
    found = list(islice(items, (page - 1) * size, page * size + 1))
    relations = {"current": str(page)}
    if len(found) > size:
        relations["next"] = str(page + 1)
    if page > 1:
        relations["prev"] = str(page - 1)
    relations["first"] = "1"
    if total is not None:
        relations["last"] = str(max(1, -(-total // size)))
    _announce(relations, size)
    return found[:size]


def bookmarked(items: Sequence[Item], key: Callable[[Item], list[str | int]]) -> list[Item]:
    """A page that begins after an opaque bookmark; `items` are sorted by `key`."""
    size = _page_size()
    page = params.text("page") or "first"
    after = _read_bookmark(page)
    rest = items if after is None else [item for item in items if key(item) > after]
    relations = {"current": page}
    if len(rest) > size:
        relations["next"] = _write_bookmark(key(rest[size - 1]))
    relations["first"] = "first"
    _announce(relations, size)
    return list(rest[:size])


def page_of(position: int) -> int:
    """The number of the page that holds the item at a position."""
    return position // _page_size() + 1


def _page_number() -> int:
    text = params.text("page") or "1"
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise not_found()
    return int(text)


def _page_size() -> int:
    text = params.text("per_page") or "10"
    digits = int(text) if text.lstrip("-").isdigit() and text.isascii() else 0
    return max(1, min(digits, LARGEST))


def _read_bookmark(page: str) -> list[str | int] | None:
    if page in ("first", "1"):
        return None
    try:
        kind, _, value = page.partition(":")
        found = json.loads(base64.urlsafe_b64decode(value))
    except ValueError:
        raise not_found() from None
    if kind != "bookmark" or not isinstance(found, list):
        raise not_found()
    return found


def _write_bookmark(key: list[str | int]) -> str:
    return "bookmark:" + base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _announce(relations: dict[str, str], size: int) -> None:
    """Leave the `link` header for the answer; its addresses never carry a token."""
    kept = [(name, value) for name, value in request.args.items(multi=True)]
    hidden = ("page", "per_page", "access_token")
    query = [f"{quote(name, '[]')}={quote(value)}" for name, value in kept if name not in hidden]
    links = []
    for relation, page in relations.items():
        address = "&".join([*query, f"page={quote(page, ':=')}", f"per_page={size}"])
        links.append(f'<{request.base_url}?{address}>; rel="{relation}"')
    g.link = ",".join(links)
