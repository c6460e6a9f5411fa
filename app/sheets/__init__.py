"""Reading sheets: what a file is, its rows as text, what its columns mean, and writing files back.

Knows no web, no database and no Canvas. Everything is read from disk as it is asked for, and every file that
is not read is refused by name: `troubles.Refused`.
"""
