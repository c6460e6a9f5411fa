"""SIS imports: a school's own files, read row by row in the background (Canvas, "SIS Import Format")."""
