"""What each kind of job does. A task says how long to wait before it is run again; None: it is done."""

from datetime import timedelta

from app.jobs import Task
from app.tasks.coverage import begin_counting, count
from app.tasks.dry_run import end_dry_run
from app.tasks.first_page import follow_canvas
from app.tasks.imports import tidy_imports, work_on
from app.tasks.keeping import enforce_retention
from app.tasks.pairing import finish_link
from app.tasks.policy import end_due, lapse_due
from app.tasks.proofs import find_out_proof
from app.tasks.reconcile import begin_due, mend, reconcile
from app.tasks.sign_up import finish_sign_up
from app.tasks.upkeep import tidy

TASKS: dict[str, Task] = {
    "census": count,
    "census_due": begin_counting,
    "apply_link": finish_link,
    "end_link": finish_link,
    "end_dry_run": end_dry_run,
    "first_page": follow_canvas,
    "find_out_proof": find_out_proof,
    "finish_sign_up": finish_sign_up,
    "end_due": end_due,
    "lapse_due": lapse_due,
    "import": work_on,
    "import_tidy": tidy_imports,
    "mend_drift": mend,
    "reconcile": reconcile,
    "reconcile_due": begin_due,
    "retention": enforce_retention,
    "upkeep": tidy,
}
SCHEDULES = {
    "census_due": timedelta(minutes=10),
    "import_tidy": timedelta(hours=6),
    "upkeep": timedelta(hours=1),
    "first_page": timedelta(days=1),
    "retention": timedelta(days=1),
    "reconcile_due": timedelta(minutes=10),
    "end_due": timedelta(minutes=10),
    "lapse_due": timedelta(minutes=10),
}
