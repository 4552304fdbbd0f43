"""Clauses on registered avatars."""

from __future__ import annotations

import json

import numpy as np

from dh.avatar import Avatar
from dh.declarations import RendererSpec
from dh.testing.contract.case import Case
from dh.testing.contract.clause import NotApplicable, require
from dh.testing.contract.running import difference, work


def avatar(case: Case) -> None:
    """From each kind of source that it takes, it registers an avatar of its kind with a size, plain arrays and JSON."""
    kinds = [kind for kind in case.spec.sources if kind in case.bench.sources]
    for kind in kinds or [None]:
        made = case.register(kind)
        where = f"from a source of kind {kind!r}: "
        require(made.kind == case.spec.kind, f"{where}kind {made.kind!r}, declared {case.spec.kind!r}")
        sizes = (made.width, made.height)
        require(all(isinstance(size, int) and 1 <= size <= 16384 for size in sizes), f"{where}size {sizes} in pixels")
        for name, array in made.arrays.items():
            plain = isinstance(array, np.ndarray) and array.dtype.kind in "biufc"
            require(plain, f"{where}array {name!r} is not a numpy array of numbers")
            finite = array.dtype.kind not in "fc" or bool(np.isfinite(array).all())
            require(finite, f"{where}array {name!r} holds values that are not finite")
        try:
            kept = json.loads(json.dumps(dict(made.meta)))
        except (TypeError, ValueError) as error:
            require(False, f"{where}meta is not JSON ({error})")
        require(kept == dict(made.meta), f"{where}meta is not the same after a way through JSON")
        missing = [name for name, path in made.files.items() if not path.is_file()]
        require(not missing, f"{where}files that are not there: {', '.join(missing)}")


def saved_avatar(case: Case) -> None:
    """An avatar that was saved and loaded again is as good: the same data, and the same frames of it."""
    first = case.register() if case.kind == "avatar" else case.avatar
    path = case.bench.folder / f"{case.kind}-{case.name}.dhavatar"
    first.save(path)
    second = Avatar.load(path)
    require(not (apart := difference(first.arrays, second.arrays, 0.0)), f"array {apart}")
    require(
        (first.width, first.height, first.fps) == (second.width, second.height, second.fps), "its size or rate changes"
    )
    require(dict(first.meta) == dict(second.meta), "meta is another")
    for renderer in _renderers(case, first):
        wanted, made = (work(renderer, avatar=avatar) for avatar in (first, second))
        apart = difference(wanted, made, case.bench.settings.tolerance)
        require(not apart, f"with renderer {renderer.name}: {apart}")


def _renderers(case: Case, made: Avatar) -> list[Case]:
    """The renderer itself, or the first that reads such an avatar and can run here."""
    if isinstance(case.spec, RendererSpec):
        case.require_runnable()
        return [case]
    for component in case.bench.registry.renderers.values():
        if made.kind in component.spec.avatar_kinds and component.status.ok:
            renderer = Case(case.bench, "renderer", component.name, component)
            try:
                work(renderer, avatar=made)
            except NotApplicable:
                continue
            return [renderer]
    return []
