"""A complete method in two small files: the reference that tests and tutorials use.

The avatar is the picture itself, the driver opens the mouth as loud as the speech is, and the renderer draws the
mouth as a dark box in the middle of the picture. It needs numpy alone. Here is what it declares; ``toy_components``
holds what a run imports.
"""

from __future__ import annotations

from collections.abc import Iterable

import dh

DH_API_VERSION = 1

_FREE = dh.Licence(name="Apache-2.0", commercial="allowed")
_COMPONENTS = "dh.testing.toy_components:"


@dh.hookimpl
def dh_avatars() -> Iterable[dh.AvatarSpec]:
    """The toy's."""
    yield dh.AvatarSpec(
        name="toy",
        summary="keeps the picture",
        implementation=f"{_COMPONENTS}ToyAvatarBuilder",
        kind="toy",
        licence=_FREE,
    )


@dh.hookimpl
def dh_drivers() -> Iterable[dh.DriverSpec]:
    """The toy's."""
    yield dh.DriverSpec(
        name="toy",
        summary="opens the mouth by loudness",
        implementation=f"{_COMPONENTS}ToyDriver",
        options=f"{_COMPONENTS}ToyDriverOptions",
        motion_space="arkit",
        look_ahead=0.0,
        licence=_FREE,
    )


@dh.hookimpl
def dh_renderers() -> Iterable[dh.RendererSpec]:
    """The toy's."""
    yield dh.RendererSpec(
        name="toy",
        summary="draws a box for a mouth",
        implementation=f"{_COMPONENTS}ToyRenderer",
        options=f"{_COMPONENTS}ToyRendererOptions",
        motion_space="arkit",
        avatar_kinds=("toy",),
        licence=_FREE,
    )


@dh.hookimpl
def dh_methods() -> Iterable[dh.MethodSpec]:
    """The toy's."""
    yield dh.MethodSpec(name="toy", summary="a box that talks", avatar="toy", driver="toy", renderer="toy")
