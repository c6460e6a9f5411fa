"""The Enrollment Terms API (Canvas API docs, "Enrollment Terms")."""

from sandbox.answers import Refused, not_found
from sandbox.ids import find_term
from sandbox.permissions import is_account_member
from sandbox.rest.api import caller, path_account, require, serves
from sandbox.rest.bodies import Json
from sandbox.rest.course_bodies import term_json
from sandbox.rest.paging import numbered
from sandbox.world import Account, current_world


@serves("GET", "/accounts/:account_id/terms")
def list_terms(account_id: str) -> Json:
    """A root account's terms."""
    account = _readable(account_id)
    terms = current_world().terms_of(account.id)
    return {"enrollment_terms": [term_json(term) for term in numbered(terms, len(terms))]}


@serves("GET", "/accounts/:account_id/terms/:id")
def show(account_id: str, id: str) -> Json:
    """One term."""
    account = _readable(account_id)
    term = find_term(current_world(), id, root_account_id=account.id)
    if term is None:
        raise not_found()
    return term_json(term)


def _readable(account_id: str) -> Account:
    """The root account, for its administrators."""
    account = path_account(account_id)
    if account.parent_account_id is not None:
        raise Refused(400, {"message": "Terms only belong to root_accounts."})
    require(is_account_member(current_world(), caller().id, account.id))
    return account
