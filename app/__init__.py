"""Observatory: pairs observers with students in Canvas. Here, and only here, it is assembled."""

from pathlib import Path

from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from app import db, web
from app.crypto import Keyring
from app.settings import Settings

ROOT = Path(__file__).parent.parent
FORM_LIMIT = 256 * 1024  # bytes; a launch is the largest form, and Canvas's stay below 20 KB


def create_app(settings: Settings) -> Flask:
    """The web application; also the context in which the worker and the commands run."""
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    keyring = Keyring(settings.secret_keys)
    current, *former = keyring.cookie_keys()
    app.config.update(
        SECRET_KEY=current,
        SECRET_KEY_FALLBACKS=former,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=db.engine_options(settings.database_url),
        MAX_CONTENT_LENGTH=FORM_LIMIT,
        MAX_FORM_MEMORY_SIZE=FORM_LIMIT,
        SESSION_COOKIE_NAME="__Host-observatory",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session; an expired form would lose what was typed
    )
    app.extensions["settings"] = settings
    app.extensions["keyring"] = keyring

    db.database.init_app(app)
    with app.app_context():
        db.prepare(db.database.engine)
    migrations = str(ROOT / "migrations")
    Migrate(app, db.database, directory=migrations, render_as_batch=True)
    web.assemble(app)

    app.wsgi_app = WhiteNoise(app.wsgi_app, root=str(ROOT / "static"), prefix="static/")  # type: ignore[method-assign]
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app
