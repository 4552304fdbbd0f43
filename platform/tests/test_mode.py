"""Mode: who may run online, what says so, and that records repeat it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict, Field

import dh
from dh.request import make_request
from dh.session import Session
from dh.testing import write_distribution

DECLARATIONS = """
import dh

@dh.hookimpl
def dh_drivers():
    common = dict(summary="", options="test_mode:TwoWayOptions", motion_space="arkit", look_ahead=None)
    yield dh.DriverSpec(name="two-way", implementation="test_mode:TwoWay", online_option="online", **common)
    yield dh.DriverSpec(name="whole", implementation="test_mode:TwoWay", **common)
"""


class TwoWayOptions(BaseModel):
    """An option for the mode, and another."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    online: bool = Field(False, description="hears no more than it would live")
    hop: int = Field(3, description="frames")


class TwoWay:
    """Tells what it was built with, and opens no mouth."""

    def __init__(self, options: TwoWayOptions, context: dh.Context) -> None:
        context.notice(f"option {options.online}, context {context.online}")
        self._fps = context.fps
        if options.online:
            self.look_ahead = options.hop / context.fps

    def drive(self, avatar: dh.Avatar, speech: Iterator[dh.AudioChunk]) -> Iterator[dh.Motion]:
        for frame, _ in enumerate(dh.split_frames(speech, self._fps)):
            yield dh.arkit_motion(frame, self._fps)


@pytest.fixture(autouse=True)
def two_way(toy_method: str, site: Path) -> None:
    """The drivers "two-way" and "whole"."""
    (site / "two_way_plugin.py").write_text(DECLARATIONS)
    write_distribution(site, "two-way", "two_way_plugin")


def chunks() -> Iterator[dh.AudioChunk]:
    return iter([dh.AudioChunk(np.zeros(1600, np.float32), 0)])


def built(picture: Path, driver: str = "two-way", audio: Any = None, **changes: Any) -> tuple[str, dh.FrameStream]:
    """What the driver told, and the stream."""
    told: list[str] = []
    with dh.stream(
        "toy",
        source=picture,
        audio=chunks() if audio is None else audio,
        driver=driver,
        on_event=lambda event: told.append(getattr(event, "text", "")),
        **changes,
    ) as stream:
        list(stream)
    return told[-1], stream


@pytest.mark.parametrize(
    "asked",
    [
        {"mode": "online"},
        {"options": {"online": True}},
        {"options": {"driver.online": "true"}, "mode": "online"},
        {"mode": "online", "options": {"hop": 2}},
    ],
)
def test_mode_and_the_drivers_own_option_say_the_same(picture: Path, speech: Path, asked: dict[str, Any]) -> None:
    assert built(picture, audio=speech, **asked)[0] == "option True, context True"
    assert built(picture, audio=speech)[0] == "option False, context False"


def test_a_stream_of_chunks_is_online_where_the_driver_can(picture: Path, speech: Path) -> None:
    assert built(picture)[0] == "option True, context True"
    assert built(picture, mode="offline")[0] == "option False, context False"
    assert built(picture, options={"online": False})[0] == "option False, context False"
    assert built(picture, driver="whole")[0] == "option False, context False"


@pytest.mark.parametrize(("mode", "online"), [("online", False), ("offline", True)])
def test_contradictions_are_refused(picture: Path, mode: Any, online: bool) -> None:
    with pytest.raises(dh.OptionError, match=rf"--mode {mode}: .*two-way .*online={str(online).lower()}; leave one"):
        built(picture, mode=mode, options={"online": online})


def test_a_driver_that_needs_the_whole_speech_is_named(picture: Path) -> None:
    with pytest.raises(dh.OptionError, match="--mode online: driver whole needs the whole speech"):
        built(picture, driver="whole", mode="online")
    with pytest.raises(dh.OptionError, match="--mode 'upside'"):
        built(picture, mode="upside")


def test_the_look_ahead_of_the_driver_that_was_built_wins(picture: Path) -> None:
    def look_ahead(**changes: Any) -> float | None:
        session = Session(make_request(method="toy", source=picture, **changes))
        session.frames(chunks()).close()
        return session.look_ahead

    assert look_ahead(driver="two-way", mode="online") == pytest.approx(3 / 25)
    assert look_ahead(driver="two-way") is None
    assert look_ahead(mode="online") == 0


def test_presets_carry_the_mode(picture: Path, speech: Path, tmp_path: Path) -> None:
    preset = tmp_path / "live.yaml"
    preset.write_text("method: toy\ndriver: two-way\nrun: {mode: online}\n")
    values: dict[str, Any] = {"config": str(preset), "source": picture, "audio": speech, "output": tmp_path / "out.mp4"}
    assert dh.run(**values)["request"]["mode"] == "online"
    assert dh.run(**values, mode="offline")["request"]["mode"] == "offline"


@pytest.mark.parametrize("driver", ["two-way", "toy"])
def test_records_repeat_the_mode_and_either_word_changes_it(
    picture: Path, speech: Path, tmp_path: Path, driver: str
) -> None:
    def mode(**changes: Any) -> Any:
        record = dh.run(output=tmp_path / "again.mp4", **changes)
        assert record["components"]["driver"]["options"].get("online") in (None, record["request"]["mode"] == "online")
        return record["request"]["mode"]

    first = tmp_path / "out.mp4"
    dh.run("toy", source=picture, audio=speech, output=first, driver=driver, mode="online")
    record = tmp_path / "out.mp4.json"
    assert mode(from_record=record) == "online"
    assert mode(from_record=record, mode="offline") == "offline"
    if driver == "two-way":
        assert mode(from_record=record, options={"online": False}) == "offline"


def test_an_option_for_the_mode_needs_options() -> None:
    with pytest.raises(ValueError, match="odd: online_option and live_options need a model of options"):
        dh.DriverSpec(
            name="odd", summary="", implementation="made:X", motion_space="arkit", look_ahead=None, online_option="live"
        )
