"""The migrations make what the models say."""

import flask_migrate
import pytest
from flask import Flask


@pytest.mark.both_databases
def test_the_migrations_and_the_models_agree(app: Flask) -> None:
    flask_migrate.check()
