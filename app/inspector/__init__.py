"""The setup inspector: looks at everything, changes nothing, and says who can mend what and how.

Used by `observatory doctor` for the whole server and by the admin's page for one institution.
"""
