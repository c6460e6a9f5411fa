"""The commands: what they do, and what they say when they cannot."""

import signal
import socket
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app import db, jobs
from app.canvas import grants
from app.models import Deployment, Institution, Platform
from tests.programs import (
    OBSERVATORY,
    ROOT,
    all_gone,
    answers,
    environment,
    eventually,
    family,
    free_port,
    observatory,
)

ADD = (
    *("platform", "add", "--client-id", "10000000000002", "--deployment-id", "1:abc"),
    *("--canvas-url", "https://maple.example", "--name", "Maple Grove"),
)
LOOPBACK = (
    *("--canvas-url", "http://localhost:9000", "--slug", "maple"),
    *("--authorize-url", "http://localhost:9000/api/lti/authorize_redirect"),
    *("--token-url", "http://localhost:9000/login/oauth2/token"),
    *("--jwks-url", "http://localhost:9000/api/lti/security/jwks"),
)


def test_wrong_settings_are_told_one_by_one_and_not_as_a_traceback(tmp_path: Path) -> None:
    ran = observatory(
        "serve",
        OBSERVATORY_SECRET_KEYS="",
        OBSERVATORY_PUBLIC_URL="http://observatory.example",
        OBSERVATORY_LOG_LEVEL="LOUD",
    )

    lines = ran.stderr.splitlines()
    assert ran.returncode == 2
    assert len(lines) == 3
    for name in ("OBSERVATORY_SECRET_KEYS", "OBSERVATORY_PUBLIC_URL", "OBSERVATORY_LOG_LEVEL"):
        assert any(name in line for line in lines)


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_nothing_starts_on_a_database_without_its_tables(tmp_path: Path, command: str) -> None:
    ran = observatory(command, DATABASE_URL=f"sqlite:///{tmp_path}/new.db")

    assert ran.returncode == 1
    assert ran.stderr == (
        "observatory: the database lacks tables of this release; run: observatory db upgrade\n"
    )
    assert not (tmp_path / "new.db").exists()


def test_a_database_that_does_not_answer_is_told_in_one_line() -> None:
    ran = observatory("serve", DATABASE_URL=f"postgresql://127.0.0.1:{free_port()}/nobody")

    assert ran.returncode == 1
    assert ran.stderr == "observatory: the database does not answer\n"


def test_upgrade_makes_the_tables_and_may_be_repeated(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deep/down/new.db"

    for _ in range(2):
        ran = observatory("db", "upgrade", DATABASE_URL=url)
        assert (ran.returncode, ran.stdout) == (0, "The database has the tables of this release.\n")
    looked = observatory("doctor", DATABASE_URL=url)
    assert "ok       Database: sqlite" in looked.stdout


@pytest.mark.both_databases
def test_a_platform_is_added_once_however_often_it_is_said(app: Flask, database_url: str) -> None:
    for _ in range(2):
        ran = observatory(
            *(*ADD, "--slug", "maple", "--oauth-client-id", "10000000000001"),
            DATABASE_URL=database_url,
            OBSERVATORY_OAUTH_CLIENT_SECRET="of the key",
        )
        assert (ran.returncode, ran.stderr) == (0, "")
        assert "of the key" not in ran.stdout

    with db.reading() as session:
        platform = session.scalars(select(Platform)).one()
        institution = session.scalars(select(Institution)).one()
        deployment = session.scalars(select(Deployment)).one()
    assert platform.issuer == "https://canvas.instructure.com"
    assert platform.jwks_url == "https://sso.canvaslms.com/api/lti/security/jwks"
    assert deployment.deployment_id == "1:abc"
    assert (institution.slug, institution.name) == ("maple", "Maple Grove")
    assert institution.oauth_client_id == "10000000000001"
    assert "of the key" not in str(institution.oauth_client_secret)
    assert grants.client_secret(app.extensions["keyring"], institution) == "of the key"


def test_plain_http_is_for_this_machine_only(app: Flask, database_url: str) -> None:
    elsewhere = ("--canvas-url", "http://canvas.example", "--jwks-url", "http://canvas.example/jwks")
    refused = observatory(*ADD, *elsewhere, DATABASE_URL=database_url)

    assert refused.returncode == 1
    assert [line.split()[0] for line in refused.stderr.splitlines()] == ["canvas_url", "jwks_url"]
    with db.reading() as session:
        assert session.scalars(select(Institution)).all() == []

    accepted = observatory(*ADD, *LOOPBACK, DATABASE_URL=database_url)
    assert (accepted.returncode, accepted.stderr) == (0, "")


@pytest.mark.both_databases
def test_the_doctor_says_who_can_mend_what_and_how(app: Flask, database_url: str) -> None:
    nowhere = f"http://localhost:{free_port()}"
    observatory(
        *(*ADD, *LOOPBACK, "--canvas-url", nowhere, "--jwks-url", f"{nowhere}/jwks"),
        DATABASE_URL=database_url,
    )

    ran = observatory("doctor", DATABASE_URL=database_url)

    lines = ran.stdout.splitlines()
    problems = [line.removeprefix("problem  ") for line in lines if line.startswith("problem")]
    assert ran.returncode == 1
    assert ran.stderr == ""
    assert [problem.partition(": ")[0] for problem in problems] == [
        "A worker finishes what pages have promised",
        f"Canvas answers at {nowhere}",
        f"Canvas's keys can be fetched from {nowhere}/jwks",
        "Canvas knows the API key",
        "A service account is connected, and Canvas takes it",
    ]
    assert any(line.startswith("advice   Canvas's operators can tell whom to ask") for line in lines)
    mended = [line for line in lines if line.startswith("         who: ")]
    assert len(mended) == len(problems) + 1
    assert all("; how: " in line for line in mended)


def test_the_doctor_writes_the_report_of_one_institution(
    app: Flask, database_url: str, tmp_path: Path
) -> None:
    nowhere = f"http://localhost:{free_port()}"
    urls = ("--canvas-url", nowhere, "--jwks-url", f"{nowhere}/jwks")
    observatory(*ADD, *LOOPBACK, *urls, DATABASE_URL=database_url)
    files = ("--html", str(tmp_path / "report.html"), "--pdf", str(tmp_path / "report.pdf"))

    ran = observatory("doctor", "--institution", "maple", *files, DATABASE_URL=database_url)

    assert ran.returncode == 1
    page = (tmp_path / "report.html").read_text()
    assert "Setup of Observatory at Maple Grove" in page
    assert f"Canvas answers at {nowhere}" in page
    assert f"{datetime.now(UTC):%Y}" in page
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    for name in ("report.html", "report.pdf"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600

    lost = tmp_path / "nowhere" / "report.html"
    ran = observatory("doctor", "--institution", "maple", "--html", str(lost), DATABASE_URL=database_url)
    assert ran.returncode == 1
    assert ran.stderr == (
        f"observatory: {lost} cannot be written: No such file or directory. Name another file.\n"
    )


def test_the_doctor_asks_which_institution_is_meant(app: Flask, database_url: str) -> None:
    ran = observatory("doctor", "--institution", "nowhere", DATABASE_URL=database_url)

    assert ran.returncode == 1
    assert ran.stderr == "observatory: name one institution of this server with --institution.\n"


def test_the_doctor_looks_no_further_than_a_database_it_cannot_use(tmp_path: Path) -> None:
    ran = observatory("doctor", DATABASE_URL=f"sqlite:///{tmp_path}/new.db")

    assert ran.returncode == 1
    assert "Run: observatory db upgrade" in ran.stdout.splitlines()[-1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_serves_until_it_is_told_to_stop(
    app: Flask, database_url: str, number: signal.Signals
) -> None:
    port = free_port()
    server = _start("serve", "--port", str(port), "--workers", "2", DATABASE_URL=database_url)
    try:
        eventually(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
        again = observatory("serve", "--port", str(port), DATABASE_URL=database_url)
        assert (again.returncode, again.stderr) == (
            1,
            f"observatory: port {port} of 127.0.0.1 is in use.\n",
        )
        everybody = family(server)
        server.send_signal(number)
        assert server.wait(10) == 0
        assert all_gone(everybody)
    finally:
        _end(server)


def test_a_server_that_is_killed_leaves_no_process_behind(app: Flask, database_url: str) -> None:
    port = free_port()
    server = _start("serve", "--port", str(port), DATABASE_URL=database_url)
    try:
        eventually(lambda: answers(f"http://127.0.0.1:{port}/healthz"))
        everybody = family(server)
        assert len(everybody) == 3
        server.kill()
        assert server.wait(10) == -signal.SIGKILL
        assert all_gone(everybody)
    finally:
        _end(server)


def test_a_worker_works_until_it_is_told_to_stop(app: Flask, database_url: str) -> None:
    worker = _start("worker", DATABASE_URL=database_url)
    try:
        eventually(lambda: len(jobs.alive(datetime.now(UTC))) == 1)
        worker.send_signal(signal.SIGINT)
        assert worker.wait(15) == 0
        assert jobs.alive(datetime.now(UTC)) == []
    finally:
        _end(worker)


def test_health_is_told_without_the_database_and_readiness_with_it(app: Flask) -> None:
    pages = app.test_client()

    assert pages.get("/healthz").text == "ok\n"
    assert pages.get("/readyz").text == "ok\n"
    assert 'observatory_jobs{state="waiting"} 0.0' in pages.get("/metrics").text
    with db.transaction() as session:
        jobs.enqueue(session, "note")
    assert 'observatory_jobs{state="waiting"} 1.0' in pages.get("/metrics").text


def test_a_server_without_its_tables_is_alive_but_not_ready(tmp_path: Path) -> None:
    from app import create_app
    from tests.conftest import settings_for

    app = create_app(settings_for(f"sqlite:///{tmp_path}/new.db"))
    pages = app.test_client()

    assert pages.get("/healthz").status_code == 200
    ready = pages.get("/readyz")
    assert (ready.status_code, "observatory db upgrade" in ready.text) == (503, True)


def test_a_log_line_tells_where_it_broke_and_not_what_was_typed() -> None:
    program = """
import logging
from app import logs
logs.prepare("INFO")
try:
    int("Parent Smith")
except ValueError:
    logging.getLogger("some.library").exception("it broke")
"""
    ran = subprocess.run(
        (OBSERVATORY[0], "-c", program), cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert '"error": "ValueError"' in ran.stderr
    assert '"at": ["<string>:6 <module>"]' in ran.stderr
    assert "Smith" not in ran.stderr


def test_a_port_that_somebody_listens_on_is_in_use() -> None:
    from app.processes import in_use

    with socket.create_server(("127.0.0.1", 0)) as server:
        assert in_use("127.0.0.1", server.getsockname()[1])
    assert not in_use("127.0.0.1", free_port())


def _start(*words: str, **settings: str) -> subprocess.Popen[str]:
    return subprocess.Popen((*OBSERVATORY, *words), env=environment(**settings), cwd=ROOT, text=True)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()
