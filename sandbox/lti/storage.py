"""The frame through which tools reach platform storage (LTI Client Side postMessages; LTI PM Storage)."""

from flask import render_template

from sandbox.lti import blueprint


@blueprint.get("/post_message_forwarding")
def storage_frame() -> str:
    """An empty page whose script answers `lti.put_data` and `lti.get_data`."""
    return render_template("lti/storage_frame.html")
