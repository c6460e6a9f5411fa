"""The REST API of the pretend Canvas, under /api/v1."""

from sandbox.rest import (
    accounts,
    authentication_providers,
    conversations,
    courses,
    enrollments,
    observees,
    roles,
    rosters,
    sections,
    signing_up,
    sis_imports,
    terms,
    users,
)
from sandbox.rest.api import blueprint

__all__ = [
    "accounts",
    "authentication_providers",
    "blueprint",
    "conversations",
    "courses",
    "enrollments",
    "observees",
    "roles",
    "rosters",
    "sections",
    "signing_up",
    "sis_imports",
    "terms",
    "users",
]
