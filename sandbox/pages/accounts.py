"""An account as its administrators see it."""

from flask import render_template, request

from sandbox.pages import blueprint, navigation
from sandbox.pages.viewing import root_account, the_account, viewer
from sandbox.permissions import granted
from sandbox.world import Account, User, World, current_world

SHOWN = 50


@blueprint.get("/accounts/<int:account_id>")
def account(account_id: int) -> str:
    """Sub-accounts, courses and a search for people."""
    world, found, user = current_world(), the_account(account_id), viewer()
    wanted = request.args.get("search_term", "").strip()
    with world.lock:
        courses = [course for course in world.courses.values() if course.workflow_state != "deleted"]
        mine = [course for course in courses if found in world.account_chain(course.account_id)]
        below = [other for other in world.accounts.values() if other.parent_account_id == found.id]
        people = find_people(world, found, wanted)
    return render_template(
        "account.html",
        account=found,
        nav=navigation.of_account(found, user),
        courses=mine,
        below=below,
        people=people[:SHOWN],
        more=max(len(people) - SHOWN, 0),
        wanted=wanted,
        may_act=granted(world, user.id, "become_user", account_id=root_account().id),
    )


def find_people(world: World, account: Account, wanted: str) -> list[User]:
    """People of the account's root account whose name, log-in name or SIS id holds the text."""
    root, text = world.root_account(account.id).id, wanted.lower()
    found = []
    for user in world.users.values():
        login = world.login_in(user, root)
        if login and not user.test_student:
            fields = (user.name, user.sortable_name, login.unique_id, login.sis_user_id or "")
            if any(text in value.lower() for value in fields):
                found.append(user)
    return sorted(found, key=lambda user: (user.sortable_name.lower(), user.id))
