"""What each kind of job does."""

from collections.abc import Mapping
from datetime import timedelta

from app.jobs import Task

TASKS: Mapping[str, Task] = {}
SCHEDULES: Mapping[str, timedelta] = {}  # kinds that are run again and again, and how often
