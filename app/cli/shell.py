"""What every command stands on: the application as the environment describes it, and how a command fails."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import Flask

from app import create_app, db, logs, schema, settings
from app.errors import SettingsWrong


class Sorry(click.ClickException):
    """Ends a command with lines for a person and status 1."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))

    def show(self, file: object = None) -> None:
        """Print the lines, with nothing around them."""
        click.echo(self.message, err=True)


class Misconfigured(Sorry):
    """The environment makes no sense: status 2."""

    exit_code = 2


@contextmanager
def application(*, migrated: bool = True) -> Iterator[Flask]:
    """The application as the environment describes it, inside its context."""
    try:
        known = settings.read()
    except SettingsWrong as wrong:
        raise Misconfigured(*wrong.complaints) from None
    logs.prepare(known.log_level)
    app = create_app(known)
    with app.app_context():
        if migrated and (problem := schema.problem()):
            raise Sorry(f"observatory: {problem}")
        try:
            yield app
        finally:
            db.database.engine.dispose()
