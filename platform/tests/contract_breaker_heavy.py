"""A plugin that imports what no list of methods needs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

import dh

LOOK_AHEAD = float(np.zeros(1)[0])


@dh.hookimpl
def dh_drivers() -> Iterable[dh.DriverSpec]:
    yield dh.DriverSpec(
        name="heavy",
        summary="weighs much",
        implementation="dh.testing.toy_components:ToyDriver",
        options="dh.testing.toy_components:ToyDriverOptions",
        motion_space="arkit",
        look_ahead=LOOK_AHEAD,
        licence=dh.Licence(name="Apache-2.0", commercial="allowed"),
    )
