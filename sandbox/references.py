"""Ids in a world file: a record's own, and those of records that must be there."""

from collections.abc import Container

from sandbox.reading import Reader
from sandbox.world import World


def fresh(world: World, reader: Reader, kind: str, taken: Container[int]) -> int:
    """The record's own id, which nobody else may have; without the key the next free one."""
    value = reader.number_or_none("id")
    if value is not None and value in taken:
        raise reader.complain("id", f"{value} is there twice")
    while value is None or value in taken:
        value = world.next_id(kind)
    return value


def known(reader: Reader, key: str, records: Container[int]) -> int | None:
    """The id of a record that must be there, or None when absent."""
    value = reader.number_or_none(key)
    if value is not None and value not in records:
        raise reader.complain(key, f"there is no {value}")
    return value


def required(reader: Reader, key: str, records: Container[int]) -> int:
    """The id of a record that must be there."""
    value = known(reader, key, records)
    if value is None:
        raise reader.complain(key, "is missing")
    return value
