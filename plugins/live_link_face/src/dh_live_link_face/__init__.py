"""Live Link Face recordings: played as a driver's motion, and written from any driver's.

- The file: ``columns`` names and converts its values, ``timecode`` its times; ``reading`` and ``writing``.
- The motion in it: ``recording``, which can be asked at any time.
- What the host sees: ``plugin``, ``driver`` with ``options``, and the command in ``command``.
"""
