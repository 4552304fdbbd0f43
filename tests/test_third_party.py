"""A third party's package works once it is installed, with no change to the host.

It is built from the very files that the plugin guide shows, and from what ``dh new`` writes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import dh
from dh.testing import write_distribution
from samples import PORTRAIT, ROOT, Done


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


def test_the_template_leads_to_a_video_in_an_environment_of_its_own(tmp_path: Path) -> None:
    environment = {**os.environ, "DH_GUEST_PYTHON": sys.executable}
    done = subprocess.run(
        [ROOT / "script" / "third-party", tmp_path], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 broken, " in done.stdout
    record = json.loads((tmp_path / "out.mp4.json").read_text(encoding="utf-8"))
    assert record["components"]["driver"]["name"] == "hum"
    assert record["components"]["driver"]["version"] == "0.1.0"
    assert record["components"]["driver"]["options"]["mouth"] == 1.2


def test_the_metric_of_the_guide_measures_a_video(
    tmp_path: Path, short_speech: Path, dh_command: Callable[..., Done]
) -> None:
    guide = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    section = guide[guide.index("\n## Metrics\n") : guide.index("\n## Commands\n")]
    declaration, implementation = re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    package = tmp_path / "site" / "dh_brightness"
    write_distribution(tmp_path / "site", "brightness", "dh_brightness.plugin")
    package.mkdir()
    (package / "plugin.py").write_text(f"import dh\n\n{declaration}", encoding="utf-8")
    (package / "brightness.py").write_text(f"import dh\n\n{implementation}", encoding="utf-8")
    video = tmp_path / "grey.mkv"
    with dh.VideoWriter(str(video), width=64, height=64, fps=25, audio=short_speech, codec="ffv1") as writer:
        for level in (90, 100, 110):
            writer.write(np.full((64, 64, 3), level, np.uint8))
    path = os.pathsep.join((str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")))
    done = dh_command("evaluate", video, "--metrics", "brightness", "--json", env={"PYTHONPATH": path})
    assert done.status == 0, done.err
    evaluation = json.loads(done.out)
    (metric,) = evaluation["metrics"]
    assert (metric["name"], metric["title"], metric["count"]) == ("brightness", "Brightness", 3)
    assert metric["value"] == pytest.approx(100, abs=1)
    assert evaluation["series"]["brightness"] == pytest.approx([90, 100, 110], abs=1)
