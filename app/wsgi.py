"""What the web server loads in each of its processes."""

from flask import Flask

from app import create_app, logs, settings
from app.processes import die_with_parent


def create() -> Flask:
    """The application, from the environment."""
    die_with_parent()
    known = settings.read()
    logs.prepare(known.log_level)
    return create_app(known)
