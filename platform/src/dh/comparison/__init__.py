"""Methods side by side: every variant on every input, each in a process of its own, then measured and shown.

- ``variant`` and ``manifest`` read what the user names, ``request`` checks it, ``names`` makes identifiers of it.
- ``inputs`` examines the files, ``plan`` asks a process of its own what each variant would run, and lists the cells.
- ``worker`` is that process and every other: ``resolving``, ``rendering`` and ``evaluating`` are what it does, and
  ``channel`` how it reports.
- ``process`` watches one worker and tells its ``outcome``, ``scheduler`` runs as many as memory allows, ``cells`` keeps
  what they made, ``course`` decides what follows from what and tells it as ``events``.
- ``results`` puts everything into ``results.json`` and ``.csv``; ``pairs``, ``filmstrip`` and ``page`` show it.
- ``compare`` is all of it.
"""
