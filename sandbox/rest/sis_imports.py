"""The SIS Imports API (Canvas API docs, "SIS Imports" and "SIS Import Errors")."""

from datetime import timedelta

from sandbox.answers import Refused, not_found
from sandbox.ids import number
from sandbox.rest import params
from sandbox.rest.api import caller, may, path_account, require, serves
from sandbox.rest.bodies import Json, address, timestamp
from sandbox.rest.paging import numbered
from sandbox.rest.sis_bodies import sis_error_json, sis_import_json
from sandbox.rest.sis_uploads import uploaded, wanted_options
from sandbox.sis import queue
from sandbox.sis.batch import STATES, Problem, SisBatch
from sandbox.sis.restoring import restore
from sandbox.sis.uploading import take_in
from sandbox.world import Account, current_world

KEPT = timedelta(days=30)
IMPORTS = "/accounts/:account_id/sis_imports"
ROOTS_ONLY = "SIS imports can only be executed on root accounts"
NOT_ENABLED = "SIS imports are not enabled for this account"


@serves("POST", IMPORTS)
def create(account_id: str) -> Json:
    """Take an upload in; it is worked on when its turn comes."""
    account = _account(account_id)
    require(may("import_sis", account_id=account.id))
    upload, options = uploaded(), wanted_options(account)
    batch = take_in(current_world(), account.id, caller().id, upload, options)
    return sis_import_json(batch)


@serves("GET", IMPORTS)
def list_imports(account_id: str) -> Json:
    """An account's imports, newest first."""
    batches = _imports(_readable(account_id))
    since, before = (params.moment(params.params(), f"created_{each}") for each in ("since", "before"))
    if since:
        batches = [batch for batch in batches if batch.created_at >= since]
    if before:
        batches = [batch for batch in batches if batch.created_at <= before]
    if states := set(params.many("workflow_state")) & set(STATES):
        batches = [batch for batch in batches if batch.workflow_state in states]
    return {"sis_imports": [sis_import_json(batch) for batch in numbered(batches)]}


@serves("GET", f"{IMPORTS}/importing")
def list_importing(account_id: str) -> Json:
    """The import that is being worked on, if there is one."""
    batches = _imports(_readable(account_id))
    return {"sis_imports": [sis_import_json(batch) for batch in batches if batch.runs]}


@serves("GET", f"{IMPORTS}/:id")
def show(account_id: str, id: str) -> Json:
    """One import."""
    return sis_import_json(_import(_readable(account_id), id))


@serves("GET", f"{IMPORTS}/:id/errors")
def list_errors_of_import(account_id: str, id: str) -> Json:
    """One import's messages, newest first."""
    account = _readable(account_id)
    return _errors(account, [_import(account, id)])


@serves("GET", "/accounts/:account_id/sis_import_errors")
def list_errors(account_id: str) -> Json:
    """The messages of all imports of an account, newest first."""
    account = _readable(account_id)
    return _errors(account, _imports(account))


@serves("PUT", f"{IMPORTS}/abort_all_pending")
def abort_all_pending(account_id: str) -> Json:
    """End the imports whose turn has not come."""
    for batch in _imports(_readable(account_id)):
        if batch.waits:
            queue.abort(batch, current_world())
    queue.wake(current_world())
    return {"aborted": True}


@serves("PUT", f"{IMPORTS}/:id/abort")
def abort(account_id: str, id: str) -> Json:
    """End an import that has not finished; of others there is none to be found."""
    batch = _import(_readable(account_id), id)
    if not queue.abort(batch, current_world()):
        raise not_found()
    queue.wake(current_world())
    return sis_import_json(batch)


@serves("PUT", f"{IMPORTS}/:id/restore_states")
def restore_states(account_id: str, id: str) -> Json:
    """Bring back the states from before an import; the answer is a Progress."""
    account = _account(account_id)
    require(may("manage_sis", account_id=account.id))
    world, batch = current_world(), _import(account, id)
    only = [each for each in ("undelete", "unconclude") if params.flag(params.params(), f"{each}_only")]
    if len(only) > 1:
        raise Refused(400, {"message": "undelete_only and unconclude_only cannot both be set"})
    restore(world, batch, only[0] if only else None, partly=params.flag(params.params(), "batch_mode"))
    progress_id = world.next_id("progress")
    world.memory.setdefault("progress", {})[progress_id] = _progress(progress_id, batch)
    return dict(world.memory["progress"][progress_id])


@serves("GET", "/progress/:id")
def show_progress(id: str) -> Json:
    """How far the work behind a Progress is (Canvas API docs, "Progress")."""
    found: Json | None = current_world().memory.get("progress", {}).get(number(id))
    if found is None:
        raise not_found()
    require(may("manage_sis", account_id=current_world().sis_batches[found["context_id"]].account_id))
    return found


def _account(account_id: str) -> Account:
    """The root account of the path, with imports switched on."""
    account = path_account(account_id)
    if account.parent_account_id is not None:
        raise Refused(400, {"errors": [ROOTS_ONLY]})
    if not account.allow_sis_import:
        raise Refused(403, {"errors": [NOT_ENABLED]})
    return account


def _readable(account_id: str) -> Account:
    """The root account of the path, if the caller may import to it or manage its SIS data."""
    account = _account(account_id)
    require(may("import_sis", account_id=account.id) or may("manage_sis", account_id=account.id))
    return account


def _imports(account: Account) -> list[SisBatch]:
    """An account's imports, newest first."""
    batches = reversed(current_world().sis_batches.values())
    return [batch for batch in batches if batch.account_id == account.id]


def _import(account: Account, id: str) -> SisBatch:
    batch = current_world().sis_batches.get(number(id) or 0)
    if batch is None or batch.account_id != account.id:
        raise not_found()
    return batch


def _errors(account: Account, batches: list[SisBatch]) -> Json:
    """Messages of the last thirty days; with `failure` only those that made an import fail."""
    oldest = current_world().clock.now() - KEPT
    only_failures = params.flag(params.params(), "failure")

    def counts(problem: Problem) -> bool:
        return problem.created_at > oldest and (problem.failure or not only_failures)

    found = [(batch, each) for batch in batches for each in reversed(batch.problems) if counts(each)]
    shown = numbered(found, len(found))
    return {"sis_import_errors": [sis_error_json(batch, problem) for batch, problem in shown]}


def _progress(progress_id: int, batch: SisBatch) -> Json:
    now = timestamp(current_world().clock.now())
    return {
        "id": progress_id,
        "context_id": batch.id,
        "context_type": "SisBatch",
        "user_id": None,
        "tag": "sis_batch_state_restore",
        "completion": 100.0,
        "workflow_state": "completed",
        "created_at": now,
        "updated_at": now,
        "message": None,
        "results": None,
        "url": address(f"/api/v1/progress/{progress_id}"),
    }
