"""Every error that the platform raises on purpose, with the exit status that ``dh`` gives for it.

    DHError
    ├── InputError            2  an option or a file of the user's is not usable
    │   ├── OptionError       2  an unknown option or a value out of range
    │   └── MediaError        2  an image, audio or video file that cannot be read or written
    │       └── FaceError     2  no usable face in the source
    ├── MissingError          3  something this machine would need
    │   ├── ExtraMissing      3  packages that are not installed
    │   ├── CheckpointMissing 3  weights that are not there
    │   └── DeviceMissing     3  no such device
    ├── NotMeasurable         1  a metric cannot be computed on this video
    ├── Interrupted         130  the user stopped work that can go on later
    └── MethodError           1  a plugin failed
        ├── PluginError       1  while it was loaded
        └── StageError        1  while it ran
            └── StageStalled  1  by never answering

Each message is one line that names the file or option and says what to do.
"""

from __future__ import annotations


class DHError(Exception):
    """Base of all errors raised on purpose."""

    exit_code = 1


class InputError(DHError):
    """Something the user gave cannot be used."""

    exit_code = 2


class OptionError(InputError):
    """An unknown option, or a value that its option does not take."""


class MediaError(InputError):
    """An image, audio or video file that cannot be read or written."""


class FaceError(MediaError):
    """The source shows no face that can be used."""


class MissingError(DHError):
    """This machine lacks something that the method needs."""

    exit_code = 3


class ExtraMissing(MissingError):
    """Python packages that are not installed."""


class CheckpointMissing(MissingError):
    """Weights that are not on this machine, or not the declared ones."""


class DeviceMissing(MissingError):
    """A device that this machine does not have."""


class NotMeasurable(DHError):
    """A metric cannot be computed on what it was given: no face, no sound, no reference."""


class Interrupted(DHError):
    """The user stopped work that the same command goes on with."""

    exit_code = 130


class MethodError(DHError):
    """A plugin failed."""


class PluginError(MethodError):
    """A plugin could not be loaded."""


class StageError(MethodError):
    """A stage of a running pipeline raised; ``stage`` is its name and ``__cause__`` what it raised."""

    def __init__(self, stage: str, message: str) -> None:
        super().__init__(f"{stage}: {message}")
        self.stage = stage


class StageStalled(StageError):
    """A stage neither yielded nor asked for input for longer than the stall time."""
