"""Measures of what a video shows: of one frame's landmarks, and of series over its frames. Pure functions on numpy."""
