"""The requirement files: current, complete, free of places, and installable on every supported Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import uv

ROOT = Path(__file__).parents[1]
SETS = ("base", "test", "all")
OVERRIDDEN = {"opencv-contrib-python", "jax", "jaxlib", "sentencepiece"}

_PIN = re.compile(
    r"^(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)==[0-9][0-9a-z.]*(?P<marker> ; [a-z0-9_.'=<>!() ]+)?"
    r"(?: --hash=sha256:[0-9a-f]{64})+$",
    re.IGNORECASE,
)


def _pins(name: str) -> dict[str, str]:
    """The whole line of each package of a set, by the package's name."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", "")
    lines = [" ".join(line.split()) for line in text.splitlines() if not line.startswith("#")]
    return {line.partition("==")[0]: line for line in lines}


def _uv_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("UV_") or name == "UV_CACHE_DIR"}
    return kept | {"UV_PYTHON_DOWNLOADS": "never"}


def _check(root: Path) -> subprocess.CompletedProcess[str]:
    environment = _uv_environment() | {"UV": uv.find_uv_bin()}
    return subprocess.run(
        [root / "script" / "lock", "--check"], env=environment, capture_output=True, text=True, check=False
    )


def test_compiling_the_requirement_files_again_changes_nothing() -> None:
    result = _check(ROOT)
    assert result.returncode == 0, f"run script/lock\n{result.stdout}{result.stderr}"


def test_changed_metadata_without_changed_requirement_files_is_noticed(tmp_path: Path) -> None:
    for project in ROOT.glob("*/pyproject.toml"), ROOT.glob("*/*/pyproject.toml"):
        for file in project:
            copy = tmp_path / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True)
            shutil.copy(file, copy)
    shutil.copytree(ROOT / "script", tmp_path / "script")
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    metadata = tmp_path / "platform" / "pyproject.toml"
    metadata.write_text(metadata.read_text(encoding="utf-8").replace('"pluggy>', '"zipp", "pluggy>'), encoding="utf-8")
    result = _check(tmp_path)
    assert result.returncode == 1
    assert "+zipp==" in result.stdout


@pytest.mark.parametrize("name", SETS)
def test_every_line_is_a_pin_with_hashes_and_names_no_place(name: str) -> None:
    assert [line for line in _pins(name).values() if not _PIN.match(line)] == []


def test_each_set_is_part_of_the_next_larger_one() -> None:
    # but for the markers, which are wider where more packages ask for the same one
    base, test, everything = ({re.sub(r" ;.*? --", " --", line) for line in _pins(name).values()} for name in SETS)
    assert base < test <= everything


def test_the_smallest_set_has_no_torch() -> None:
    assert [name for name in SETS if "torch" in _pins(name)] == ["test", "all"]


@pytest.mark.parametrize("name", SETS)
def test_overridden_packages_are_left_out(name: str) -> None:
    assert not OVERRIDDEN & _pins(name).keys()


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12"])
@pytest.mark.parametrize(
    "platform", ["x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"]
)
def test_every_pin_has_a_wheel_with_a_listed_hash(version: str, platform: str, tmp_path: Path) -> None:
    command = [uv.find_uv_bin(), "pip", "install", "--no-config", "--dry-run", "--target", str(tmp_path)]
    command += ["--python-version", version, "--python-platform", platform]
    command += ["--no-deps", "--require-hashes", "--only-binary", ":all:"]
    command += ["--requirements", str(ROOT / "requirements" / "all.txt")]
    environment = _uv_environment() | {"MACOSX_DEPLOYMENT_TARGET": "14.0"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_launcher_and_lock_script_know_every_package_of_the_workspace() -> None:
    [members] = re.findall(r"^members = (.*)$", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    patterns = re.findall(r'"([^"]+)"', members)
    launcher = (ROOT / "dh").read_text(encoding="utf-8")
    [loop] = re.findall(r"for file in (.*); do", launcher)
    assert loop.split() == [f"{pattern}/pyproject.toml" for pattern in patterns]
    [loop] = re.findall(r"for package in (.*); do", (ROOT / "script" / "lock").read_text(encoding="utf-8"))
    assert loop.split() == patterns
