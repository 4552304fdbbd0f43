"""What starting `dh` costs beyond starting Python: medians of alternating runs.

.venv/bin/python benchmarks/start_up.py [RUNS]
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "dh --help": [sys.executable, str(Path(sys.executable).with_name("dh")), "--help"],
    "dh methods": [sys.executable, str(Path(sys.executable).with_name("dh")), "methods"],
}


def seconds(command: list[str]) -> float:
    """Of one run."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begin


def main() -> None:
    """Measures and prints."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    for command in COMMANDS.values():
        seconds(command)
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    base = median(times["python -c pass"])
    for name, measured in times.items():
        print(f"{name}: {median(measured):.3f} s, {median(measured) - base:+.3f} s")


if __name__ == "__main__":
    main()
