"""Observatory: pairs observers with students in Canvas."""
