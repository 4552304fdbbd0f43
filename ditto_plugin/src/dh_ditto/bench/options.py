"""Which form of Ditto's parts to measure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field, ValidationError

import dh
from dh_ditto.options import SharedOptions


class PartsOptions(SharedOptions):
    """The options of Ditto's components that the speed of its parts depends on."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    batch: int = Field(default=1, ge=1, le=64, description="frames that are warped and decoded at a time")
    steps: int = Field(default=50, ge=1, le=1000, description="denoising steps per window")
    guidance: float = Field(default=2.0, ge=0, le=10, description="strength of classifier-free guidance; 1: none")


def parts_options(given: Mapping[str, Any]) -> PartsOptions:
    """Reads values of ``--set``, with or without a component's role before the key; others are left to whole runs.

    Raises:
        OptionError: a value does not fit.
    """
    values = {key.rpartition(".")[2].lower(): value for key, value in given.items()}
    try:
        return PartsOptions.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        described = PartsOptions.model_fields[name].description
        raise dh.OptionError(f"--set {name}={values[name]}: {first['msg'].lower()} ({described})") from error
