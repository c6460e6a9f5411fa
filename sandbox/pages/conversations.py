"""The Inbox: a person's conversations, and answering them (Canvas API docs, "Conversations")."""

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox.conversations import inbox, reply
from sandbox.pages import blueprint
from sandbox.pages.viewing import viewer
from sandbox.world import current_world


@blueprint.get("/conversations")
def conversations() -> str:
    """All my conversations, the newest first; those shown are read from now on."""
    world, user = current_world(), viewer()
    with world.lock:
        found = inbox(world, user.id)
        shown = [(each, [world.users[id] for id in each.user_ids if id != user.id]) for each in found]
        page = render_template("conversations.html", conversations=shown, authors=world.users)
        for each in found:
            each.unread_by = [id for id in each.unread_by if id != user.id]
    return page


@blueprint.post("/conversations/<int:conversation_id>")
def answer(conversation_id: int) -> Response:
    """Answer in one of my conversations."""
    world, user = current_world(), viewer()
    found = world.conversations.get(conversation_id)
    if found is None or user.id not in found.user_ids:
        abort(404)
    with world.lock:
        reply(world, found, user.id, request.form["body"])
    return redirect(url_for("pages.conversations"), 303)
