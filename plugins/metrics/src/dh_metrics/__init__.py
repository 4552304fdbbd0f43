"""Metrics for videos of a speaking person.

- ``declared``: what there is that needs no weights; ``plugin`` gives it to the host.
- ``faces``: one pass over a video that follows the face and keeps its landmarks; ``curves`` are made of them.
- ``fidelity``, ``likeness``: against a reference. ``loudness``, ``lips``: against the speech.
- ``motion``, ``freezes``, ``hands``: of the video alone. ``cost``: of the run that made it.
"""
