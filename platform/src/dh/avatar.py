"""A registered identity: all that drivers and renderers need of a source, in one file.

The file is an uncompressed zip: ``avatar.json``, ``arrays/NAME.npy`` and ``files/NAME``. Nothing in it is
ever executed: arrays are read without pickle.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from dh.errors import InputError
from dh.files import whole_file
from dh.text import one_line

FORMAT_VERSION = 1
SUFFIX = ".dhavatar"


@dataclass(frozen=True, eq=False)
class Avatar:
    """A registered identity.

    Args:
        kind: which component's data this is; a renderer states the kinds it reads.
        width: of the frames to render, in pixels.
        height: of the frames to render, in pixels.
        arrays: numeric data by name.
        meta: further data, as JSON can hold it.
        files: whole files by name, such as a source video; saved along with the avatar.
        fps: frame rate that a video source was registered at, which a run then keeps; None for a still picture.
    """

    kind: str
    width: int
    height: int
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    fps: float | None = None
    _archive: Path | None = field(default=None, repr=False)

    def open(self, name: str) -> BinaryIO:
        """Opens one of ``files`` for reading; seekable, to be closed by the caller."""
        if name in self.files:
            return self.files[name].open("rb")
        if self._archive is not None:
            return zipfile.ZipFile(self._archive).open(f"files/{name}")  # type: ignore[return-value]
        raise KeyError(name)

    def save(self, path: str | Path) -> None:
        """Writes the avatar; the file appears whole or not at all."""
        header = {
            "format": FORMAT_VERSION,
            "kind": self.kind,
            "width": self.width,
            "height": self.height,
            "fps": self.fps,
            "meta": dict(self.meta),
        }
        with whole_file(Path(path)) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            archive.writestr("avatar.json", json.dumps(header, indent=1))
            for name, array in self.arrays.items():
                buffer = io.BytesIO()
                np.save(buffer, array, allow_pickle=False)
                archive.writestr(f"arrays/{name}.npy", buffer.getvalue())
            for name in self.file_names():
                with self.open(name) as read, archive.open(f"files/{name}", "w", force_zip64=True) as write:
                    shutil.copyfileobj(read, write)

    def file_names(self) -> list[str]:
        """Names that ``open`` takes."""
        names = list(self.files)
        if self._archive is not None:
            with zipfile.ZipFile(self._archive) as archive:
                names += [n.removeprefix("files/") for n in archive.namelist() if n.startswith("files/")]
        return names

    @classmethod
    def load(cls, path: str | Path) -> Avatar:
        """Reads an avatar that ``save`` wrote.

        Raises:
            InputError: there is no such file, or it is no avatar of this version.
        """
        path = Path(path)
        try:
            with zipfile.ZipFile(path) as archive:
                header = json.loads(archive.read("avatar.json"))
                version = header.get("format")
                if version != FORMAT_VERSION:
                    raise InputError(
                        f"avatar {path}: format {version} is not the {FORMAT_VERSION} that this version reads; "
                        "register the source again with 'dh avatar create'"
                    )
                arrays = {
                    name.removeprefix("arrays/").removesuffix(".npy"): np.load(
                        io.BytesIO(archive.read(name)), allow_pickle=False
                    )
                    for name in archive.namelist()
                    if name.startswith("arrays/")
                }
            return cls(
                header["kind"],
                header["width"],
                header["height"],
                arrays,
                header["meta"],
                fps=header["fps"],
                _archive=path,
            )
        except FileNotFoundError:
            raise InputError(f"avatar {path}: no such file; make one with 'dh avatar create'") from None
        except (OSError, zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
            raise InputError(
                f"avatar {path}: not an avatar file ({one_line(error)}); make one with 'dh avatar create'"
            ) from error
