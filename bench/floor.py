"""The least a launch can cost: two empty requests, one RSA-2048 verification, JSON, one committed insert."""

import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from flask import Flask
from sqlalchemy import JSON, Column, DateTime, Integer, MetaData, Table, create_engine, insert

from app import db
from app.settings import read
from bench.databases import Database
from bench.serving import PUBLIC_URL, Cost, Meter, serving
from bench.serving import measure as measured

BODY = json.dumps({f"claim-{number}": ["a value of some length"] * 3 for number in range(20)})
rows = Table(
    "bench_floor",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("at", DateTime(timezone=True)),
    Column("body", JSON),
)


def create() -> Flask:
    """A Flask application that does nothing more than it must; on the engine the app itself uses."""
    app = Flask(__name__)
    url = read().database_url
    engine = create_engine(url, **db.engine_options(url))
    db.prepare(engine)
    rows.metadata.create_all(engine)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signature = key.sign(BODY.encode(), padding.PKCS1v15(), hashes.SHA256())
    public = key.public_key()

    @app.get("/healthz")
    @app.post("/one")
    def empty() -> str:
        return ""

    @app.post("/two")
    def least() -> str:
        public.verify(signature, BODY.encode(), padding.PKCS1v15(), hashes.SHA256())
        with engine.begin() as connection:
            connection.execute(insert(rows).values(at=datetime.now(UTC), body=json.loads(BODY)))
        return ""

    return app


def measure(database: Database, folder: Path, count: int, rounds: int) -> Cost:
    """The floor."""
    with (
        serving("bench.floor:create", database, folder) as pid,
        httpx.Client(base_url=PUBLIC_URL, trust_env=False) as browser,
    ):

        def once() -> None:
            assert browser.post("/one", data={"iss": "x"}).status_code == 200
            assert browser.post("/two", data={"id_token": "x" * 2000}).status_code == 200

        return measured("floor", Meter(database, pid), once, count, rounds)
