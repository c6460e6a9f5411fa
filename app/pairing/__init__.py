"""The one thing this app does: pairing observers with students."""
