"""The pages: one blueprint per audience."""

from flask import Flask
from flask_wtf import CSRFProtect


def locale() -> str:
    """The language of this page."""
    return "en"


def assemble(app: Flask, csrf: CSRFProtect) -> None:
    """Register every blueprint, guard, header and error page."""
