"""The REST API of the pretend Canvas, under /api/v1."""

from sandbox.rest import accounts, courses, enrollments, observees, rosters, users
from sandbox.rest.api import blueprint

__all__ = ["accounts", "blueprint", "courses", "enrollments", "observees", "rosters", "users"]
