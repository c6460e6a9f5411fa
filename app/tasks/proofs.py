"""Finding out what Canvas made of a proof, should the request have died or heard nothing."""

from datetime import UTC, datetime, timedelta

from app.errors import RETRYABLE, CanvasThrottled, Failure
from app.pairing import proofs
from app.tasks.pairing import FOR_AN_ADMIN, access


def find_out_proof(proof_id: int) -> timedelta | None:
    """Write down what it made, or that it made nothing."""
    try:
        return proofs.find_out(proof_id, access(), _clock)
    except CanvasThrottled as full:
        return full.wait
    except RETRYABLE:
        raise
    except Failure:
        return FOR_AN_ADMIN


def _clock() -> datetime:
    return datetime.now(UTC)
