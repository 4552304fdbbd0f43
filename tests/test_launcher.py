"""The launcher `./dh`, in small checkouts of its own and with a stand-in for uv, so that nothing is downloaded."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Makes environments whose `dh` reports how it was called. While the file "block" exists it hangs in the middle of an
# installation, and with "offline" it fails like an installer without a network.
FAKE_UV = """\
#!/bin/sh
echo "$@" >>"$FAKE_UV/log"
case "$1 $2" in
"venv "*)
    for venv; do :; done
    mkdir -p "$venv/bin"
    ln -s "$FAKE_PYTHON" "$venv/bin/python"
    ;;
"pip install")
    venv=${4%/bin/python}
    if [ -e "$FAKE_UV/offline" ]; then echo 'error: no route to the index' >&2 && exit 2; fi
    : >"$venv/started"
    while [ -e "$FAKE_UV/block" ]; do sleep 0.05; done
    cp "$FAKE_UV/dh" "$venv/bin/dh"
    echo 'noise of the installer'
    ;;
esac
"""
FAKE_DH = """\
import json, os, sys
print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd(), "home": os.environ["DH_HOME"],
    "launcher": os.environ["DH_LAUNCHER"]}))
sys.exit(7 if "fail" in sys.argv else 0)
"""


def wait_until(condition: Callable[[], bool]) -> None:
    """Waits for something that another process does."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited for too long"
        time.sleep(0.01)


class Checkout:
    """A small checkout with the real launcher, and the means to call it."""

    def __init__(self, root: Path, tools: Path) -> None:
        self.root, self.tools = root, tools
        (root / "script").mkdir(parents=True)
        shutil.copy(ROOT / "dh", root)
        shutil.copy(ROOT / "script" / "install.sh", root / "script")
        for name in "base", "test", "all":
            self.write(f"requirements/{name}.txt", f"# {name}\n")
        self.write("platform/pyproject.toml", "[project]\n")
        tools.mkdir()
        (tools / "uv").write_text(FAKE_UV)
        (tools / "uv").chmod(0o755)
        (tools / "dh").write_text(FAKE_DH)
        (tools / "python3").symlink_to(sys.executable)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DH_", "UV_", "PIP_"))}
        self.environment = kept | {
            "PATH": f"{tools}:/usr/bin:/bin",
            "FAKE_UV": str(tools),
            "FAKE_PYTHON": sys.executable,
        }

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    def write(self, name: str, text: str) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def start(
        self, *arguments: str, program: Path | str | None = None, cwd: Path | None = None
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [program or self.root / "dh", *arguments],
            cwd=cwd or self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(
        self, *arguments: str, program: Path | str | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, program=program, cwd=cwd)
        out, errors = process.communicate(timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, out, errors)

    def installed(self) -> list[str]:
        """The sets that were installed since the last call of this function, "made" where the environment was made."""
        log = self.tools / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.write_text("")
        return [
            "made" if line.startswith("venv") else line.rpartition("/")[2].removesuffix(".txt")
            for line in lines
            if line.startswith("venv") or "--require-hashes" in line
        ]


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    made = Checkout(tmp_path / "checkout", tmp_path / "tools")
    yield made
    (made.tools / "block").unlink(missing_ok=True)


def test_first_call_makes_the_environment_and_the_next_ones_do_nothing(checkout: Checkout) -> None:
    assert checkout.run("--version").returncode == 0
    assert checkout.installed() == ["made", "base"]
    again = checkout.run("--version")
    assert checkout.installed() == []
    assert again.stderr == ""


def test_arguments_and_exit_status_pass_through_unchanged(checkout: Checkout) -> None:
    arguments = ["run", "a b", "", "'\"$x`*", "人", "--", "fail"]
    result = checkout.run(*arguments)
    assert json.loads(result.stdout)["arguments"] == arguments
    assert result.returncode == 7


def test_standard_output_is_the_command_s_alone(checkout: Checkout) -> None:
    result = checkout.run("--version")
    assert len(result.stdout.splitlines()) == 1
    assert "noise of the installer" in result.stderr


def test_the_command_learns_the_checkout_and_how_it_was_called(checkout: Checkout, tmp_path: Path) -> None:
    report = json.loads(checkout.run(program="./dh").stdout)
    assert report["home"] == str(checkout.root)
    assert report["launcher"] == "./dh"
    assert json.loads(checkout.run(program="checkout/dh", cwd=tmp_path).stdout)["folder"] == str(tmp_path)


def test_symbolic_links_to_the_launcher_work_from_anywhere(checkout: Checkout, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "first").symlink_to("../checkout/dh")
    (folder / "second").symlink_to("first")
    checkout.environment["PATH"] += f":{folder}"
    result = checkout.run("-c", "second", program="/bin/sh", cwd=folder)
    assert json.loads(result.stdout)["home"] == str(checkout.root)


def test_paths_with_blanks_quotes_and_other_scripts_work(tmp_path: Path) -> None:
    odd = Checkout(tmp_path / 'it\'s "a" $path  *人é', tmp_path / "tools")
    assert odd.run().returncode == 0
    assert json.loads(odd.run().stdout)["home"] == str(odd.root)
    assert odd.installed() == ["made", "base"]


@pytest.mark.parametrize(
    "file",
    ["requirements/base.txt", "platform/pyproject.toml", "plugins/new/pyproject.toml", "ditto_plugin/pyproject.toml"],
)
def test_changed_requirements_and_packages_are_installed_into_the_same_environment(
    checkout: Checkout, file: str
) -> None:
    checkout.run()
    checkout.installed()
    checkout.write(file, "# changed\n")
    assert checkout.run().returncode == 0
    assert checkout.installed() == ["base"]


def test_every_package_is_installed_editable(checkout: Checkout) -> None:
    checkout.write("plugins/one/pyproject.toml", "")
    checkout.write("baselines/two/pyproject.toml", "")
    checkout.write("plugins/left_over/__pycache__/x.pyc", "")
    checkout.run()
    last = (checkout.tools / "log").read_text().splitlines()[-1]
    assert last.endswith("--no-deps --no-build-isolation -e ./platform -e ./plugins/one -e ./baselines/two")


def test_sets_are_added_and_never_removed(checkout: Checkout) -> None:
    checkout.run()
    assert checkout.run("setup", "all").stdout == ""
    assert checkout.installed() == ["made", "base", "all"]
    for arguments in ["setup", "base"], ["setup", "test"], ["setup"], ["--version"]:
        assert checkout.run(*arguments).returncode == 0
    assert checkout.installed() == []
    checkout.write("platform/pyproject.toml", "# changed\n")
    checkout.run()
    assert checkout.installed() == ["all"]


@pytest.mark.parametrize("arguments", [["setup", "everything"], ["setup", "all", "base"], ["setup", "--help"]])
def test_unknown_sets_are_usage_errors(checkout: Checkout, arguments: list[str]) -> None:
    result = checkout.run(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "dh: usage: dh setup [base|test|all]\n"


def test_failure_shows_the_installer_s_words_and_the_next_call_tries_again(checkout: Checkout) -> None:
    (checkout.tools / "offline").touch()
    result = checkout.run("--version")
    assert (result.returncode, result.stdout) == (1, "")
    assert "error: no route to the index\n" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("dh: the 'base' packages could not be installed")
    (checkout.tools / "offline").unlink()
    assert checkout.run("--version").returncode == 0


def test_failing_to_add_a_set_leaves_the_environment_usable(checkout: Checkout) -> None:
    checkout.run()
    (checkout.tools / "offline").touch()
    assert checkout.run("setup", "all").returncode == 1
    checkout.installed()
    assert checkout.run("--version").returncode == 0
    assert checkout.installed() == []


@pytest.mark.parametrize("update", [False, True])
def test_killed_installation_is_made_again_from_nothing(checkout: Checkout, update: bool) -> None:
    if update:
        checkout.run()
        (checkout.venv / "started").unlink()
    (checkout.tools / "block").touch()
    killed = checkout.start("setup", "all")
    wait_until((checkout.venv / "started").exists)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    (checkout.tools / "block").unlink()
    (checkout.venv / "half_a_package").touch()
    checkout.installed()
    assert checkout.run().returncode == 0
    assert checkout.installed() == ["made", "base"]
    assert not (checkout.venv / "half_a_package").exists()


@pytest.mark.usefixtures("interruptible")
def test_interrupted_installation_ends_at_once_and_is_made_again(checkout: Checkout) -> None:
    (checkout.tools / "block").touch()
    interrupted = checkout.start()
    wait_until((checkout.venv / "started").exists)
    os.killpg(interrupted.pid, signal.SIGINT)
    assert interrupted.wait(timeout=5) != 0
    interrupted.communicate()
    (checkout.tools / "block").unlink()
    checkout.installed()
    assert checkout.run().returncode == 0
    assert checkout.installed() == ["made", "base"]


def test_launchers_at_the_same_time_install_once(checkout: Checkout) -> None:
    (checkout.tools / "block").touch()
    first = checkout.start("--version")
    wait_until((checkout.venv / "started").exists)
    second = checkout.start("--version")
    assert second.stderr is not None
    assert "waiting for another dh" in second.stderr.readline()
    (checkout.tools / "block").unlink()
    for process in first, second:
        out, _ = process.communicate(timeout=60)
        assert (process.returncode, json.loads(out)["arguments"]) == (0, ["--version"])
    assert checkout.installed() == ["made", "base"]


def test_moved_checkout_gets_its_environment_anew(checkout: Checkout, tmp_path: Path) -> None:
    checkout.run()
    checkout.installed()
    checkout.root = checkout.root.rename(tmp_path / "moved")
    assert json.loads(checkout.run().stdout)["home"] == str(checkout.root)
    assert checkout.installed() == ["made", "base"]


def test_environment_whose_interpreter_is_gone_is_made_anew(checkout: Checkout) -> None:
    checkout.run()
    checkout.installed()
    (checkout.venv / "bin" / "python").unlink()
    (checkout.venv / "bin" / "python").symlink_to("/nonexistent/python3.11")
    assert checkout.run().returncode == 0
    assert checkout.installed() == ["made", "base"]


def test_the_environment_can_be_elsewhere(checkout: Checkout, tmp_path: Path) -> None:
    checkout.environment["DH_VENV"] = "else where"
    assert checkout.run(cwd=tmp_path).returncode == 0
    assert (tmp_path / "else where" / "dh.stamp").exists()
    assert not checkout.venv.exists()


def test_folders_that_the_launcher_did_not_make_are_left_alone(checkout: Checkout) -> None:
    precious = checkout.venv / "thesis.txt"
    precious.parent.mkdir()
    precious.touch()
    result = checkout.run()
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert "was not made by this command" in result.stderr
    assert precious.exists()


def test_places_that_cannot_be_written_are_named_with_the_remedy(checkout: Checkout) -> None:
    checkout.environment["DH_VENV"] = "/proc/venv"
    result = checkout.run()
    assert result.returncode == 1
    assert result.stderr == "dh: cannot write to /proc/venv; DH_VENV can name another folder\n"


def _pretend(python: Path, version: tuple[int, int, int]) -> None:
    """Puts an interpreter there that says it is of another version."""
    text = ".".join(map(str, version))
    code = f"import sys; sys.version_info, sys.version = {version}, '{text} (main)'; sys.argv[:] = sys.argv[1:]; "
    python.unlink(missing_ok=True)
    python.write_text(f'#!/bin/sh\nexec "$FAKE_PYTHON" -c "{code}exec(sys.argv.pop(0))" "$2" -c "$3"\n')
    python.chmod(0o755)


def test_unsuitable_interpreters_are_named_in_one_line(checkout: Checkout) -> None:
    _pretend(checkout.tools / "python3", (3, 13, 0))
    for name in "python3.12", "python3.11", "python3.10":
        (checkout.tools / name).write_text("#!/bin/sh\necho 'no such version' >&2\nexit 127\n")
        (checkout.tools / name).chmod(0o755)
    result = checkout.run()
    assert result.returncode == 1
    assert result.stderr.startswith("dh: Python 3.10, 3.11 or 3.12 is needed; found python3 is Python 3.13.0, no such")
    assert len(result.stderr.splitlines()) == 1
    assert not checkout.venv.exists()


def test_the_first_interpreter_that_fits_is_used(checkout: Checkout) -> None:
    _pretend(checkout.tools / "python3", (3, 9, 1))
    (checkout.tools / "python3.12").symlink_to(sys.executable)
    assert checkout.run().returncode == 0


def test_a_named_interpreter_is_the_only_candidate(checkout: Checkout) -> None:
    _pretend(checkout.tools / "old", (3, 9, 1))
    checkout.environment["DH_PYTHON"] = str(checkout.tools / "old")
    result = checkout.run()
    assert result.returncode == 1
    assert f"{checkout.tools / 'old'} is Python 3.9.1;" in result.stderr


def test_without_uv_and_network_pip_says_so(checkout: Checkout) -> None:
    (checkout.tools / "uv").unlink()
    checkout.write("requirements/base.txt", f"pluggy==1.5.0 --hash=sha256:{'0' * 64}\n")
    checkout.environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0"}
    result = checkout.run()
    assert (result.returncode, result.stdout) == (1, "")
    assert "pluggy==1.5.0" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("dh: the 'base' packages could not be installed")


def test_launcher_takes_less_than_30_ms_when_there_is_nothing_to_do(checkout: Checkout) -> None:
    checkout.run()
    python = checkout.venv / "bin" / "python"
    python.unlink()
    python.symlink_to("/bin/true")

    def seconds() -> float:
        start = time.perf_counter()
        subprocess.run([checkout.root / "dh"], env=checkout.environment, check=True)
        return time.perf_counter() - start

    assert min(seconds() for _ in range(20)) < 0.03
