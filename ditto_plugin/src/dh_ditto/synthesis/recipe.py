"""Recipe of synthesised data: what is made, how much, and from which seed."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dh_ditto.condition import EMOTIONS
from dh_ditto.synthesis.texts import languages

_LANGUAGES = {
    "en-us": 5.0, "en-gb-x-rp": 2.5, "en-gb-scotland": 0.7, "en-029": 0.6, "de": 2.0, "fr": 1.6, "es": 1.2,
    "es-419": 0.8, "it": 1.4, "pt-br": 1.0, "pt": 0.6, "cmn": 2.4, "hi": 1.2, "ru": 1.3, "ja": 1.2,
}  # fmt: skip
_EMOTIONS = {"neutral": 3.0} | {name: 1.0 for name in EMOTIONS if name != "neutral"}


class Recipe(BaseModel):
    """What to synthesise. Everything follows from it; the number of workers changes only how long it takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(default=0, ge=0, lt=2**32, description="of every random choice")
    hours: float = Field(default=6.0, gt=0, le=1000, description="of training clips")
    validation_minutes: float = Field(default=12.0, gt=0, le=600, description="of clips with other voices and texts")
    clip_seconds: tuple[float, float] = Field(default=(10.0, 40.0), description="shortest and longest clip")
    pause_seconds: tuple[float, float] = Field(default=(0.2, 3.0), description="shortest and longest pause")
    idle_share: float = Field(default=0.05, ge=0, lt=1, description="share of clips without speech")
    languages: Mapping[str, float] = Field(default=_LANGUAGES, description="eSpeak NG voices with their shares")
    emotions: Mapping[str, float] = Field(default=_EMOTIONS, description="emotions with their shares")
    mixed_emotions: float = Field(default=0.12, ge=0, le=1, description="share of clips with two emotions at once")
    natural_style: float = Field(default=0.5, ge=0, le=1, description="share of clips with articulation and head at 1")
    workers: int | None = Field(default=None, ge=1, exclude=True, description="processes; left out: one for each core")
    clean_share: float = Field(default=0.12, ge=0, le=1, description="share of clips whose sound is left as it is")

    @model_validator(mode="after")
    def _usable(self) -> Recipe:
        for name in ("clip_seconds", "pause_seconds"):
            shortest, longest = getattr(self, name)
            if not 0 < shortest <= longest <= 600:
                raise ValueError(f"{name}: {shortest:g} to {longest:g} is no range of seconds; give two rising numbers")
        unspoken = sorted({tag for tag in self.languages if tag.split("-")[0] not in languages()})
        if unspoken:
            raise ValueError(f"languages: there is no grammar for {', '.join(unspoken)}; choose of {languages()}")
        unknown = sorted(set(self.emotions) - set(EMOTIONS))
        if unknown:
            raise ValueError(f"emotions: {', '.join(unknown)} is none; choose of {', '.join(EMOTIONS)}")
        for shares in (self.languages, self.emotions):
            if not shares or min(shares.values()) < 0 or not sum(shares.values()):
                raise ValueError("shares of languages and emotions are numbers of 0 and above, not all 0")
        return self
