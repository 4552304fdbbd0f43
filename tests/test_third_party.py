"""A third party's package works once it is installed, with no change to the host.

It is built from the very files that the plugin guide shows.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from samples import PORTRAIT, ROOT


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``dh`` of an environment of its own, with the guide's package installed into it."""
    folder = tmp_path_factory.mktemp("third party")
    guide = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    package = folder / "dh-loudness"
    package.mkdir()
    for name, code in re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL):
        (package / name).write_text(code, encoding="utf-8")
    assert sorted(path.name for path in package.iterdir()) == ["dh_loudness.py", "pyproject.toml"]
    environment = folder / "venv"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    # What the project needs is there already; only the guest is installed.
    site = Path(
        subprocess.check_output([python, "-c", "import site; print(site.getsitepackages()[0])"], text=True).strip()
    )
    (site / "host.pth").write_text(
        f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n", encoding="utf-8"
    )
    install = ["pip", "install", "--quiet", "--offline", "--no-deps", "--no-build-isolation", "--python", str(python)]
    subprocess.run([sys.executable, "-m", "uv", *install, str(package)], check=True)
    assert (site / "dh_loudness.py").is_file()
    return python


def run(python: Path, *arguments: object) -> str:
    return subprocess.check_output([python, "-m", "dh", *map(str, arguments)], text=True, stderr=subprocess.PIPE)


def test_the_driver_of_the_guide_takes_twenty_lines() -> None:
    guide = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    code = re.search(r"`dh_loudness.py`:\n\n```python\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    assert code is not None
    assert len([line for line in code[1].splitlines() if line.strip()]) <= 21


def test_an_installed_package_is_found(guest: Path) -> None:
    plugins = {row["name"]: row for row in json.loads(run(guest, "plugins", "--json"))}
    assert plugins["loudness"]["state"] == "ok"
    assert plugins["loudness"]["brings"] == ["driver loudness"]
    assert plugins["face-mesh"]["state"] == "ok"


def test_its_driver_drives_another_plugins_renderer(guest: Path, tmp_path: Path, short_speech: Path) -> None:
    output = tmp_path / "out.mp4"
    run(guest, "run", "-m", "face-mesh", "--driver", "loudness", "-s", PORTRAIT, "-a", short_speech, "-o", output)
    record = json.loads((tmp_path / "out.mp4.json").read_text(encoding="utf-8"))
    assert record["components"]["driver"]["name"] == "loudness"
    assert record["components"]["driver"]["version"] == "1.0"
    assert record["output"]["frames"] == 13
