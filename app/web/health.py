"""For machines that watch over this one: is it up, can it work, how much waits."""

from collections.abc import Iterable
from datetime import UTC, datetime

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import DBAPIError

from app import db, jobs, schema
from app.pairing import findings
from app.pairing.drift import Kind

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> Response:
    """This process answers; asks nothing of anybody else, so that a slow database restarts no server."""
    return _plain("ok")


@bp.get("/readyz")
def ready() -> Response:
    """This server can do its work: 503 with the reason if not."""
    problem = schema.problem()
    return _plain(problem, 503) if problem else _plain("ok")


@bp.get("/metrics")
def metrics() -> Response:
    """Gauges for Prometheus. Read from the database, so every server of an installation tells the same."""
    registry = CollectorRegistry()
    registry.register(_FromDatabase())
    try:
        text = generate_latest(registry)
    except DBAPIError:
        return _plain(schema.Problem.UNREACHABLE, 503)
    return Response(text, mimetype="text/plain; version=0.0.4", headers={"Cache-Control": "no-store"})


class _FromDatabase(Collector):
    """What is true for the whole installation at the moment of asking."""

    def collect(self) -> Iterable[Metric]:
        now = datetime.now(UTC)
        backlog = jobs.backlog(now)
        count = GaugeMetricFamily("observatory_jobs", "Jobs on the queue, by state", labels=["state"])
        count.add_metric(["waiting"], backlog.waiting)
        count.add_metric(["running"], backlog.running)
        count.add_metric(["failed"], backlog.failed)
        yield count
        late = (now - backlog.oldest).total_seconds() if backlog.oldest else 0
        yield GaugeMetricFamily("observatory_job_lateness_seconds", "How late the oldest due job is", late)
        yield GaugeMetricFamily("observatory_workers", "Workers alive", len(jobs.alive(now)))
        drift = GaugeMetricFamily("observatory_drift", "Links not as in Canvas, by kind", labels=["kind"])
        open_now = _open_drift()
        for kind in Kind:
            drift.add_metric([kind], open_now.get(kind, 0))
        yield drift

    def describe(self) -> Iterable[Metric]:
        return []  # else registering would ask the database


def _open_drift() -> dict[str, int]:
    with db.reading() as session:
        return findings.open_counts(session)


def _plain(text: str, status: int = 200) -> Response:
    return Response(text + "\n", status, mimetype="text/plain", headers={"Cache-Control": "no-store"})
