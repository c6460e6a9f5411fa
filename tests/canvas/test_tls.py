"""Canvas over TLS, as it is everywhere but on one's own machine."""

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.canvas import tokens, users
from app.errors import CanvasUnreachable
from app.settings import Settings
from tests.canvas.conftest import TOKEN
from tests.canvas.remote import Remote, Reply, serve

ASK = """
import sys
from app.canvas import tokens, users
from tests.conftest import settings_for
settings = settings_for("sqlite://", OBSERVATORY_CANVAS_TIMEOUT="3")
print(users.profile(tokens.given(sys.argv[1], "token", settings), "41").name)
"""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[Remote]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server, remote = serve()
    server.socket = context.wrap_socket(server.socket, server_side=True)
    remote.url = remote.url.replace("http://", "https://")
    remote.says(Reply(data={"id": 41, "name": "Mia"}))
    yield remote
    server.shutdown()
    server.server_close()


def test_a_trusted_canvas_is_spoken_to(secure: Remote, certificate: Path) -> None:
    trusting = {**os.environ, "SSL_CERT_FILE": str(certificate)}
    asked = subprocess.run(
        [sys.executable, "-c", ASK, secure.url], env=trusting, capture_output=True, text=True, timeout=30
    )
    assert asked.stdout == "Mia\n", asked.stderr


def test_who_cannot_prove_to_be_canvas_gets_no_token(secure: Remote, quick: Settings) -> None:
    with pytest.raises(CanvasUnreachable, match="certificate verify failed"):
        users.profile(tokens.given(secure.url, TOKEN, quick), "41")
    assert secure.seen == []
