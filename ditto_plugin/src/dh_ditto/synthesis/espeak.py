"""eSpeak NG as a speech synthesiser that tells when each phoneme begins.

Source: the C interface of eSpeak NG 1.52, ``speak_lib.h`` and ``espeak_ng.h``.
"""

from __future__ import annotations

import _ctypes
import ctypes
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

import dh
from dh_ditto.weights.extras import require

SAMPLE_RATE = 22050
"""Samples per second of what eSpeak NG speaks."""

_SYNCHRONOUS = 2
_PHONEME_EVENTS, _AS_IPA, _DONT_EXIT = 0x0001, 0x0002, 0x8000
_UTF8 = 1
_BY_CHARACTER = 1
_EVENT_END, _EVENT_PHONEME = 0, 7
_RATE, _PITCH, _PITCH_RANGE = 1, 3, 4


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True)
class Voice:
    """Who speaks, and how.

    Args:
        language: of eSpeak NG, such as "en-us".
        variant: of the voice, such as "f2"; "" is the language's own voice.
        rate: words a minute, 80 to 450.
        pitch: 0 to 100; 50 is the variant's own.
        pitch_range: 0 (monotone) to 100; 50 is the variant's own.
    """

    language: str
    variant: str = ""
    rate: int = 165
    pitch: int = 50
    pitch_range: int = 50

    @property
    def name(self) -> str:
        """As eSpeak NG wants it."""
        return f"{self.language}+{self.variant}" if self.variant else self.language


@dataclass(frozen=True, eq=False)
class SpokenText:
    """Sound with its phonemes.

    Args:
        samples: int16 (n,) at ``SAMPLE_RATE``.
        marks: sample at which each symbol begins, in order, and the symbol in IPA, stress marks included; "" is a pause
            or has no sound of its own.
    """

    samples: NDArray[np.int16]
    marks: tuple[tuple[int, str], ...]


class Espeak:
    """A fresh copy of eSpeak NG, as a context manager.

    The library has one state for the whole process, and what it says depends on what it said before. So there may be
    one ``Espeak`` in a process at a time; each starts from the state of a new process, and the same calls after the
    same seed give the same samples. To use several cores, use several processes.

    Args:
        seed: of its noise.

    Raises:
        ExtraMissing: the package with the library is not installed.
        MissingError: the library does not load or refuses to start.
    """

    _in_use = False

    def __init__(self, seed: int = 0) -> None:
        if Espeak._in_use:
            raise RuntimeError("eSpeak NG is in use in this process; close the other Espeak first")
        library, data = _installed()
        try:
            self._library: Any = ctypes.CDLL(library)
        except OSError as error:
            raise dh.MissingError(
                f"eSpeak NG: {library} does not load ({dh.one_line(error, 120)}); install espeakng-loader again"
            ) from error
        rate = self._library.espeak_Initialize(
            _SYNCHRONOUS, 0, os.fsencode(data), _PHONEME_EVENTS | _AS_IPA | _DONT_EXIT
        )
        if rate != SAMPLE_RATE:
            self._unload()
            raise dh.MissingError(f"eSpeak NG: its data in {data} cannot be used; install espeakng-loader again")
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(seed))
        self._blocks: list[NDArray[np.int16]] = []
        self._marks: list[tuple[int, str]] = []
        self._callback = _Callback(self._take)
        self._library.espeak_SetSynthCallback(self._callback)
        Espeak._in_use = True

    def __enter__(self) -> Espeak:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Unloads the library; a second call does nothing."""
        if self._library is not None:
            self._library.espeak_Terminate()
            self._unload()
            Espeak._in_use = False

    def speak(self, text: str, voice: Voice) -> SpokenText:
        """Says a text.

        Raises:
            OptionError: there is no such voice, or it has nothing to say.
        """
        if self._library.espeak_SetVoiceByName(voice.name.encode()):
            raise dh.OptionError(f"voice {voice.name!r}: eSpeak NG has none of this name; choose another language")
        for parameter, value in ((_RATE, voice.rate), (_PITCH, voice.pitch), (_PITCH_RANGE, voice.pitch_range)):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._blocks.clear()
        self._marks.clear()
        encoded = text.encode()
        status = self._library.espeak_Synth(encoded, len(encoded) + 1, 0, _BY_CHARACTER, 0, _UTF8, None, None)
        if status or not self._blocks:
            raise dh.OptionError(f"eSpeak NG says nothing for {text!r} in {voice.name!r}; give it another text")
        return SpokenText(np.concatenate(self._blocks), tuple(self._marks))

    def _take(self, samples: Any, count: int, events: Any) -> int:
        if count > 0:
            self._blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        number = 0
        while events[number].type != _EVENT_END:
            if events[number].type == _EVENT_PHONEME:
                # Eight bytes hold what they hold: a symbol cut off within a character loses that one.
                symbol = bytes(events[number].id.string).split(b"\0")[0].decode(errors="ignore")
                self._marks.append((events[number].sample, symbol))
            number += 1
        return 0

    def _unload(self) -> None:
        handle, self._library = self._library._handle, None  # ctypes has no public way to unload
        if os.name == "nt":
            _ctypes.FreeLibrary(handle)  # type: ignore[attr-defined, unused-ignore]
        else:
            _ctypes.dlclose(handle)


def _installed() -> tuple[str, Path]:
    """The library's file, and the folder with its data."""
    loader = require("espeakng_loader")
    return loader.get_library_path(), Path(loader.get_data_path())
