"""A platform for digital humans: one host, many methods, one command.

Everything a user or a plugin author needs is importable from here; each name is loaded on first use, so that
``import dh`` stays cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dh.api import create_avatar as create_avatar
    from dh.api import drive as drive
    from dh.api import run as run
    from dh.api import stream as stream
    from dh.audio import SAMPLE_RATE as SAMPLE_RATE
    from dh.audio import AudioChunk as AudioChunk
    from dh.audio import split_frames as split_frames
    from dh.avatar import Avatar as Avatar
    from dh.checkpoints.needs import find_weights as find_weights
    from dh.checkpoints.store import pulled_checkpoints as pulled_checkpoints
    from dh.cli.parameters import parse_sets as parse_sets
    from dh.comparison.compare import compare as compare
    from dh.comparison.events import CellEvent as CellEvent
    from dh.comparison.variant import Variant as Variant
    from dh.components import Adapter as Adapter
    from dh.components import AvatarBuilder as AvatarBuilder
    from dh.components import Context as Context
    from dh.components import Driver as Driver
    from dh.components import Metric as Metric
    from dh.components import PartsBench as PartsBench
    from dh.components import PartTiming as PartTiming
    from dh.components import Renderer as Renderer
    from dh.components import Stage as Stage
    from dh.components import TrainingTools as TrainingTools
    from dh.components import WeightsTools as WeightsTools
    from dh.controls import CONTROL_FIELDS as CONTROL_FIELDS
    from dh.controls import Controls as Controls
    from dh.controls import ControlTrack as ControlTrack
    from dh.declarations import API_VERSION as API_VERSION
    from dh.declarations import AdapterSpec as AdapterSpec
    from dh.declarations import AvatarSpec as AvatarSpec
    from dh.declarations import CheckpointFile as CheckpointFile
    from dh.declarations import CheckpointNeed as CheckpointNeed
    from dh.declarations import CheckpointSpec as CheckpointSpec
    from dh.declarations import DriverSpec as DriverSpec
    from dh.declarations import Licence as Licence
    from dh.declarations import MethodSpec as MethodSpec
    from dh.declarations import MetricNeed as MetricNeed
    from dh.declarations import MetricSpec as MetricSpec
    from dh.declarations import ProfileSpec as ProfileSpec
    from dh.declarations import RendererSpec as RendererSpec
    from dh.errors import CheckpointMissing as CheckpointMissing
    from dh.errors import DeviceMissing as DeviceMissing
    from dh.errors import DHError as DHError
    from dh.errors import ExtraMissing as ExtraMissing
    from dh.errors import FaceError as FaceError
    from dh.errors import InputError as InputError
    from dh.errors import MediaError as MediaError
    from dh.errors import MethodError as MethodError
    from dh.errors import MissingError as MissingError
    from dh.errors import NotMeasurable as NotMeasurable
    from dh.errors import OptionError as OptionError
    from dh.errors import PluginError as PluginError
    from dh.errors import StageError as StageError
    from dh.errors import StageStalled as StageStalled
    from dh.evaluation.evaluate import evaluate as evaluate
    from dh.evaluation.material import Material as Material
    from dh.evaluation.measure import Measure as Measure
    from dh.files import whole_file as whole_file
    from dh.files import whole_folder as whole_folder
    from dh.frame import Frame as Frame
    from dh.hookspecs import hookimpl as hookimpl
    from dh.media.audio import read_speech as read_speech
    from dh.media.video import VideoReader as VideoReader
    from dh.media.writer import VideoWriter as VideoWriter
    from dh.motion import ARKIT as ARKIT
    from dh.motion import ARKIT_BLENDSHAPES as ARKIT_BLENDSHAPES
    from dh.motion import LIVEPORTRAIT as LIVEPORTRAIT
    from dh.motion import Motion as Motion
    from dh.motion import MotionField as MotionField
    from dh.motion import MotionSpace as MotionSpace
    from dh.motion import arkit_motion as arkit_motion
    from dh.progress import Listener as Listener
    from dh.progress import Notice as Notice
    from dh.progress import Progress as Progress
    from dh.realtime.frame import LiveFrame as LiveFrame
    from dh.realtime.frame import LiveStats as LiveStats
    from dh.realtime.opening import live as live
    from dh.realtime.playing import play as play
    from dh.realtime.session import LiveSession as LiveSession
    from dh.realtime.sinks import Sink as Sink
    from dh.realtime.sinks import VideoSink as VideoSink
    from dh.session import FrameStream as FrameStream
    from dh.source import Source as Source
    from dh.states import available_devices as available_devices
    from dh.states import extra_missing as extra_missing
    from dh.text import nearest as nearest
    from dh.text import one_line as one_line
    from dh.timing import exact_rate as exact_rate
    from dh.timing import frames_for as frames_for

_HOMES = {
    "api": ("create_avatar", "drive", "run", "stream"),
    "audio": ("SAMPLE_RATE", "AudioChunk", "split_frames"),
    "avatar": ("Avatar",),
    "checkpoints.needs": ("find_weights",),
    "checkpoints.store": ("pulled_checkpoints",),
    "cli.parameters": ("parse_sets",),
    "comparison.compare": ("compare",),
    "comparison.events": ("CellEvent",),
    "comparison.variant": ("Variant",),
    "components": (
        "Adapter", "AvatarBuilder", "Context", "Driver", "Metric", "PartTiming", "PartsBench", "Renderer",
        "Stage", "TrainingTools", "WeightsTools",
    ),
    "controls": ("CONTROL_FIELDS", "ControlTrack", "Controls"),
    "declarations": (
        "API_VERSION", "AdapterSpec", "AvatarSpec", "CheckpointFile", "CheckpointNeed", "CheckpointSpec", "DriverSpec",
        "Licence", "MethodSpec", "MetricNeed", "MetricSpec", "ProfileSpec", "RendererSpec",
    ),
    "errors": (
        "CheckpointMissing", "DHError", "DeviceMissing", "ExtraMissing", "FaceError", "InputError", "MediaError",
        "MethodError", "MissingError", "NotMeasurable", "OptionError", "PluginError", "StageError", "StageStalled",
    ),
    "evaluation.evaluate": ("evaluate",),
    "evaluation.material": ("Material",),
    "evaluation.measure": ("Measure",),
    "files": ("whole_file", "whole_folder"),
    "frame": ("Frame",),
    "hookspecs": ("hookimpl",),
    "media.audio": ("read_speech",),
    "media.video": ("VideoReader",),
    "media.writer": ("VideoWriter",),
    "motion": ("ARKIT", "ARKIT_BLENDSHAPES", "LIVEPORTRAIT", "Motion", "MotionField", "MotionSpace", "arkit_motion"),
    "progress": ("Listener", "Notice", "Progress"),
    "realtime.frame": ("LiveFrame", "LiveStats"),
    "realtime.opening": ("live",),
    "realtime.playing": ("play",),
    "realtime.session": ("LiveSession",),
    "realtime.sinks": ("Sink", "VideoSink"),
    "session": ("FrameStream",),
    "source": ("Source",),
    "states": ("available_devices", "extra_missing"),
    "text": ("nearest", "one_line"),
    "timing": ("exact_rate", "frames_for"),
}  # fmt: skip
_MODULE_OF = {name: f"dh.{module}" for module, names in _HOMES.items() for name in names}

__all__ = sorted(_MODULE_OF)  # noqa: PLE0605  (kept equal to the imports above by a test)


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'dh' has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
