"""What our own database holds, for tests that compare it with what Canvas holds."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app import db
from app.models import Code, Link, LinkState

T = TypeVar("T")


def all_links() -> list[Link]:
    """Every link with its people and its code, the oldest first."""
    people = (joinedload(Link.observer), joinedload(Link.student), joinedload(Link.code))
    with db.reading() as session:
        return list(session.scalars(select(Link).options(*people).order_by(Link.id)))


def only_link() -> Link:
    (link,) = all_links()
    return link


def states() -> list[LinkState]:
    return [link.state for link in all_links()]


def all_codes() -> list[Code]:
    with db.reading() as session:
        return list(session.scalars(select(Code).order_by(Code.id)))


def uses() -> list[int]:
    """The uses taken of every code, the oldest code first."""
    return [code.uses for code in all_codes()]


def at_once(acts: Sequence[Callable[[], T]]) -> list[T]:
    """Do all of this in the same moment, each in a thread of its own; their results in order."""
    barrier = threading.Barrier(len(acts), timeout=30)

    def start(act: Callable[[], T]) -> T:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(start, acts))
