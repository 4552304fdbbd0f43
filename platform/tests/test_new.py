"""``dh new``: what it writes is right from the first moment, and what it refuses it says in a line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import complaint, said
from dh.package_template import PackageKind, PackageTemplate
from dh.plugins import ENTRY_POINT_GROUP
from dh.testing import write_distribution

NAMES: dict[PackageKind, str] = {"driver": "hum", "renderer": "nutcracker", "method": "a-puppet-with-the-longest-name"}


@pytest.fixture
def packages(tmp_path: Path) -> dict[PackageKind, Path]:
    """A package of every kind."""
    folders: dict[PackageKind, Path] = {}
    for kind, name in NAMES.items():
        folders[kind] = tmp_path / kind
        PackageTemplate(kind, name).write(folders[kind])
    return folders


def succeed(*command: object, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.usefixtures("site")
def test_it_writes_a_package_and_prints_the_next_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DH_LAUNCHER", raising=False)
    out, error = said(capsys, "new", "driver", "my-driver")
    assert error == ""
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {
        f"dh-my-driver/{name}"
        for name in (
            ".github/workflows/ci.yml", ".gitignore", "LICENSE", "README.md", "pyproject.toml",
            "src/dh_my_driver/__init__.py", "src/dh_my_driver/driver.py", "src/dh_my_driver/options.py",
            "src/dh_my_driver/plugin.py", "tests/test_contract.py", "tests/test_driver.py",
        )
    }  # fmt: skip
    commands = [line.strip() for line in out.splitlines()[2:]]
    assert [line.split()[:3] for line in commands[1::2]] == [["dh", "plugins", "check"], ["dh", "run", "--method"]]
    assert commands[0].endswith("-m pip install -e 'dh-my-driver[test]'")
    assert "--driver my-driver" in commands[3]


@pytest.mark.parametrize("kind", NAMES)
def test_a_package_keeps_its_own_style(packages: dict[PackageKind, Path], kind: PackageKind) -> None:
    succeed("ruff", "check", "--no-cache", ".", cwd=packages[kind])
    succeed("ruff", "format", "--no-cache", "--check", ".", cwd=packages[kind])


def test_types_hold_in_all_packages(packages: dict[PackageKind, Path], tmp_path: Path) -> None:
    # In one go, which is three times as fast. The method has the tests of the other two.
    sources = [folder / "src" for folder in packages.values()]
    succeed(
        "mypy",
        "--config-file",
        packages["method"] / "pyproject.toml",
        "--cache-dir",
        os.devnull,
        *sources,
        packages["method"] / "tests",
        cwd=tmp_path,
        env={"MYPYPATH": os.pathsep.join(map(str, sources))},
    )


@pytest.mark.parametrize("kind", ["renderer", "method"])  # a driver's are run by script/third-party
def test_a_package_passes_its_own_tests_once_it_is_installed(
    packages: dict[PackageKind, Path], kind: PackageKind, site: Path
) -> None:
    project = (packages[kind] / "pyproject.toml").read_text(encoding="utf-8")
    declared = re.search(rf'^\[project\.entry-points\."{ENTRY_POINT_GROUP}"\]\n(\S+) = "(\S+)"$', project, re.MULTILINE)
    assert declared is not None
    assert declared[1] == NAMES[kind]
    write_distribution(site, declared[1], declared[2])
    path = os.pathsep.join((str(packages[kind] / "src"), str(site), *sys.path))
    out = succeed("pytest", "-q", "-p", "no:cacheprovider", cwd=packages[kind], env={"PYTHONPATH": path})
    assert " passed" in out


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "My_Driver",
            "'My_Driver' is no name for a driver: use up to 30 lower-case letters, digits and",
        ),
        ("My_Driver", "for example my-driver"),
        ("3d", "for example d"),
        ("é", "for example my-driver"),
        ("a--b", "for example a-b"),
        ("a" * 31, "use up to 30"),
        ("dh-hum", "'dh-hum': leave 'dh-' out"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, expected: str
) -> None:
    assert expected in complaint(capsys, "new", "driver", name, "-o", str(tmp_path / "new"))
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_refused(
    toy_method: str, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_distribution(site, "dh-spare", "nowhere")
    for name, owner in (("toy", "avatar of plugin toy"), ("dh-spare", ""), ("spare", "package dh-spare")):
        text = complaint(capsys, "new", "renderer", name, "-o", str(tmp_path / "new"))
        assert not owner or text == f"'{name}' is the name of an installed {owner}; choose another"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("site")
def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("precious", encoding="utf-8")
    assert "holds something already" in complaint(capsys, "new", "driver", "hum", "-o", str(tmp_path))
    assert "is a file; name a folder" in complaint(capsys, "new", "driver", "hum", "-o", str(tmp_path / "mine"))
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
