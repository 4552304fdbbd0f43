"""Motion to frames: keypoints stitched onto the source, its volume warped and decoded, the render pasted back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import dh
from dh_ditto.avatar import read_character, source_motion
from dh_ditto.frame_networks import FaceJob, open_frame_networks
from dh_ditto.host_controls import frame_controls
from dh_ditto.motion import Array, MotionInfo
from dh_ditto.opening import as_opened
from dh_ditto.options import RendererOptions, with_published_defaults
from dh_ditto.sampling import warp
from dh_ditto.source_frames import fit, network_image
from dh_ditto.stitching import MotionStitcher, StitchOptions
from dh_ditto.user_arrays import read_frame_table, read_numbers

Image = NDArray[np.uint8]

_CROP_SIDE = 512
_VOLUME_MIB = 8
_FADES: Mapping[str, Literal["", "d0", "s"]] = {"none": "", "first": "d0", "source": "s"}


@dataclass(frozen=True, eq=False)
class _Posed:
    """One output frame on its way: its number and time, the source frame behind it, and keypoints [1,21,3]."""

    index: int
    time: float
    source: int
    picture: Image
    x_s: Array
    x_d: Array


class DittoRenderer:
    """Ditto's renderer: LivePortrait's stitching, warping and decoding (Guo et al. 2024, arXiv:2407.03168)."""

    def __init__(self, options: RendererOptions, context: dh.Context) -> None:
        self._networks = open_frame_networks(options, context)
        self._weights, self._backend = self._networks.weights, self._networks.backend
        published = self._weights.configuration().default_kwargs.model_dump(exclude_none=True)
        self.options = as_opened(with_published_defaults(options, published), self._backend)
        self._context = context
        character = None if options.character is None else read_character(str(options.character))
        self._stitching = _stitch_options(self.options, None if character is None else character.infos[0])

    def stages(self, avatar: dh.Avatar) -> Sequence[dh.Stage]:
        """Stitch, warp and decode, paste back."""
        if avatar.meta["weights"] != self._weights.identity:
            self._context.notice("the avatar was registered with other weights; if it looks wrong, register it again")
        paste_back = self._networks.paste_back()
        paste = _StillPaste(avatar, paste_back) if avatar.meta["still"] else _VideoPaste(avatar, paste_back)
        return [
            dh.Stage("stitch", lambda chunks: self._posed(avatar, chunks)),
            dh.Stage("warp and decode", lambda posed: self._rendered(avatar, posed)),
            dh.Stage("paste", lambda rendered: (paste(frame, render) for frame, render in rendered)),
        ]

    def _posed(self, avatar: dh.Avatar, chunks: Iterator[dh.Motion]) -> Iterator[_Posed]:
        source = source_motion(avatar)
        options = self.options
        stitcher = MotionStitcher(
            source.infos[0],
            source.still,
            self._stitching,
            network=self._backend.stitch if options.stitch else None,
            frames=self._context.frames,
            fade_in=options.fade_in,
            fade_out=options.fade_out,
            rng=Random(self._context.seed),
            reference_defects=options.reference_defects,
        )
        pictures = _mirrored(avatar)
        crop_scale = float(avatar.meta["crop_scale"])
        for chunk in chunks:
            controls = None if chunk.controls is None else frame_controls(chunk.controls, crop_scale)
            for offset in range(len(chunk)):
                number, picture = next(pictures)
                index = chunk.start + offset
                driving: MotionInfo = {name: values[offset : offset + 1] for name, values in chunk.values.items()}
                given = () if controls is None else (controls[offset],)
                x_s, x_d = stitcher.frame(source.infos[number], driving, index, *given)
                yield _Posed(index, index / chunk.fps, number, picture, x_s, x_d)

    def _rendered(self, avatar: dh.Avatar, posed: Iterator[_Posed]) -> Iterator[tuple[_Posed, Any]]:
        """Frames with their renders, as the paste-back takes them."""
        volume = self._volumes(avatar)
        size = 1 if self._context.online else self.options.batch
        while batch := list(islice(posed, size)):
            jobs = [FaceJob(volume(item), item.x_s, item.x_d) for item in batch]
            yield from zip(batch, self._networks.render(jobs), strict=True)

    def _volumes(self, avatar: dh.Avatar) -> Callable[[_Posed], Any]:
        if avatar.meta["still"]:
            still = self._backend.volume(avatar.arrays["volume"])
            return lambda _: still
        kept: OrderedDict[int, Any] = OrderedDict()
        room = max(1, self.options.feature_cache // _VOLUME_MIB)

        def volume(item: _Posed) -> Any:
            if item.source not in kept:
                while len(kept) >= room:
                    kept.popitem(last=False)
                crop = warp(item.picture, avatar.arrays["o2c"][item.source], _CROP_SIDE, _CROP_SIDE)
                kept[item.source] = self._backend.appearance(network_image(crop))
            kept.move_to_end(item.source)
            return kept[item.source]

        return volume


def _stitch_options(options: RendererOptions, character: MotionInfo | None) -> StitchOptions:
    controls: Mapping[int, Mapping[str, Any]] = {}
    if isinstance(options.frame_controls, dict):
        controls = options.frame_controls
    elif options.frame_controls is not None:
        controls = read_frame_table(options.frame_controls, "frame_controls")
    blink = options.blink_shape
    return StitchOptions(
        driven={str(part): factor for part, factor in options.driven.items()}
        if isinstance(options.driven, dict)
        else options.driven,
        relative=options.relative,
        drive_eyes=options.drive_eyes,
        blink_shape=None if blink is None else read_numbers(blink, "blink_shape", (None, 63)),
        blink_interval=options.blink_interval,
        fade_to=_FADES[options.fade_to],
        fade_parts=options.fade_parts,
        stitch=options.stitch,
        frame_controls=controls,
        overall_controls=options.overall_controls,
        character_scale=None if character is None else float(character["scale"].item()),
    )


def _mirrored(avatar: dh.Avatar) -> Iterator[tuple[int, Image]]:
    """Source frames in the published order: 0, 1, 2, 2, 1, 0, 0, 1, ..., where the host plays 0, 1, 2, 1, 0, 1, ..."""
    if avatar.meta["still"]:
        while True:
            yield 0, avatar.arrays["frame"]
    count = len(avatar.arrays["scale"])
    with avatar.open("source") as file, dh.VideoReader(file, "source") as reader:
        for position, (index, image) in enumerate(reader.bounce(avatar.fps or 0, count)):
            picture = fit(image, avatar.height, avatar.width)
            yield index, picture
            if position and index in (0, count - 1):
                yield index, picture


class _StillPaste:
    """Pastes onto one picture, prepared once."""

    def __init__(self, avatar: dh.Avatar, paste_back: Any) -> None:
        self._background = paste_back.background(avatar.arrays["frame"], avatar.arrays["c2o"][0])

    def __call__(self, item: _Posed, render: Any) -> dh.Frame:
        return dh.Frame(self._background.paste(render), item.index, item.time)


class _VideoPaste:
    """Pastes onto the frames of a video."""

    def __init__(self, avatar: dh.Avatar, paste_back: Any) -> None:
        self._paste = paste_back
        self._matrices = avatar.arrays["c2o"]

    def __call__(self, item: _Posed, render: Any) -> dh.Frame:
        pasted = self._paste.paste(item.picture, render, self._matrices[item.source])
        return dh.Frame(pasted, item.index, item.time)
