"""What a run is asked to do, checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dh.errors import OptionError
from dh.mode import Mode
from dh.options import explain_validation
from dh.presets import Preset

DEFAULT_FPS = 25.0


class RunRequest(BaseModel):
    """Everything that decides a run's frames.

    Exactly one of ``source`` and ``avatar`` is given. Paths are not opened here.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str = Field(description="method to run")
    profile: str = Field("auto", description="profile of the method; auto: the best one whose weights are here")
    source: Path | None = Field(None, description="picture or video of the person")
    avatar: Path | None = Field(None, description="avatar made by 'dh avatar create', in place of a source")
    audio: Path | None = Field(None, description="speech: an audio file, or a video with an audio track")
    driver: str | None = Field(None, description="driver in place of the method's own")
    renderer: str | None = Field(None, description="renderer in place of the method's own")
    preset: dict[str, dict[str, Any]] = Field({}, description="options by role, from a preset file")
    preset_profiles: dict[str, dict[str, dict[str, Any]]] = Field(
        {}, description="options by profile, then by role, from a preset file; they win over the preset's others"
    )
    options: dict[str, Any] = Field({}, description="options by key, as --set gives them")
    mode: Mode | None = Field(
        None, description="offline or online; default: what the driver's options say, offline for most"
    )
    controls: Path | None = Field(None, description="keyframes of per-frame controls: CSV, JSON or YAML")
    seed: int = Field(0, ge=0, lt=2**63, description="of every random choice")
    fps: float | None = Field(
        None, ge=1, le=120, description="frames per second; default: the motion space's, the source video's, or 25"
    )
    device: str = Field("auto", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$", description="auto, cpu, cuda, cuda:N or mps")
    commercial_only: bool = Field(False, description="refuse components and weights that do not allow commercial use")


def make_request(**values: Any) -> RunRequest:
    """Checks values for a run.

    Raises:
        OptionError: one line that names the option.
    """
    try:
        request = RunRequest(**values)
    except ValidationError as error:
        key, message = explain_validation(error)
        option = key.split(".")[0].replace("_", "-")
        known = RunRequest.model_fields.get(key.split(".")[0])
        help_text = f" ({known.description})" if known else ""
        given = error.errors()[0].get("input")
        raise OptionError(f"--{option} {given!r}: {message}{help_text}") from error
    if (request.source is None) == (request.avatar is None):
        raise OptionError("give either --source (a picture or video) or --avatar (made by 'dh avatar create')")
    return request


def combine(preset: Preset | None, **given: Any) -> dict[str, Any]:
    """A run's values where a preset and explicit arguments meet: what is given (not None) wins.

    Returns:
        Values for ``make_request``, and ``codec`` and ``crf`` where the preset has them.

    Raises:
        OptionError: neither names a method.
    """
    values: dict[str, Any] = {}
    if preset is not None:
        values.update(preset.run)
        values.update(
            method=preset.method,
            profile=preset.profile,
            driver=preset.driver,
            renderer=preset.renderer,
            preset=preset.options,
            preset_profiles=preset.profiles,
        )
    values.update({key: value for key, value in given.items() if value is not None})
    if not values.get("method"):
        raise OptionError("--method is missing; 'dh methods' lists them")
    return {key: value for key, value in values.items() if value is not None}
