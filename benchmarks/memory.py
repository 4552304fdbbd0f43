"""Peak memory of a long clip against a short one's, each in a process of its own.

.venv/bin/python benchmarks/memory.py [METHOD] [SHORT_SECONDS LONG_SECONDS]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import wave
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def repeat_speech(path: Path, seconds: float) -> Path:
    """Writes the example's speech, repeated to the wanted length."""
    with wave.open(str(ROOT / "examples" / "speech.wav")) as example:
        rate, samples = example.getframerate(), example.readframes(example.getnframes())
    wanted = 2 * round(seconds * rate)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        for begin in range(0, wanted, len(samples)):
            file.writeframes(samples[: min(len(samples), wanted - begin)])
    return path


def peak_mib(method: str, seconds: float, folder: Path) -> float:
    """Peak resident size of a run, in MiB."""
    audio = repeat_speech(folder / "speech.wav", seconds)
    measure = (
        "import resource, sys; from dh.cli import run_command; "
        "status = run_command(sys.argv[1:]); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(status)"
    )
    source = ROOT / "examples" / "portrait.jpg"
    run = ["run", "-q", "-m", method, "-s", source, "-a", audio, "-o", folder / "out.mp4"]
    done = subprocess.run([sys.executable, "-c", measure, *map(str, run)], check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1]) / 1024


def main() -> None:
    """Measures and prints."""
    method = sys.argv[1] if len(sys.argv) > 1 else "face-mesh"
    short, long = (float(text) for text in sys.argv[2:4]) if len(sys.argv) > 3 else (60.0, 600.0)
    with tempfile.TemporaryDirectory() as folder:
        one = peak_mib(method, short, Path(folder))
        ten = peak_mib(method, long, Path(folder))
    print(f"{method}: {short:g} s {one:.0f} MiB, {long:g} s {ten:.0f} MiB, ratio {ten / one:.3f}")


if __name__ == "__main__":
    main()
