"""The face-mesh method: a talking portrait on any laptop, without weights or a GPU.

- Registration: ``avatar``; ``landmarks`` finds the face, ``crop`` aligns it, ``tracking`` follows it through a video.
- Speech to motion: ``viseme``, a driver of its own.
- Motion to displacement: ``expression`` reads motion and controls; ``shape_table`` and ``shapes`` say how each
  blendshape moves the landmarks, ``lips`` how lips meet; ``fields`` spreads that over the crop and inverts it.
- Displacement to pixels: ``renderer``; ``shots`` gives the source's frames, ``placement`` brings fields to them,
  ``texture`` gives their pixels; ``eyes``, ``opening``, ``teeth`` and ``mouth`` draw what the source does not show.
- Frames back to figures: ``measures``, of landmarks found again on a frame and of series over frames.
"""
