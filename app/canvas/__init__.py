"""Canvas's REST API and OAuth: the only importer of httpx and authlib.

Three rings: `http` sends one request, `client` and `tokens` put a bearer on it and keep it fresh, and one
module per Canvas API turns answers into values. No `dict` from Canvas leaves this package.
"""

from app.canvas.client import Canvas

__all__ = ["Canvas"]
