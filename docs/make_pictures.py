"""Makes the pictures of the docs from the examples, with the project itself.

.venv/bin/python docs/make_pictures.py
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

import dh

ROOT = Path(__file__).resolve().parents[1]
SIDE = 320
SECONDS = (0.3, 4.3)
EVERY = 2


def main() -> None:
    """Writes docs/images/face-mesh.webp: the example's first words, at half the frame rate."""
    pictures = []
    examples = ROOT / "examples"
    with dh.stream("face-mesh", source=examples / "portrait.jpg", audio=examples / "speech.wav") as frames:
        for frame in frames:
            if frame.time >= SECONDS[1]:
                break
            if frame.time >= SECONDS[0] and frame.index % EVERY == 0:
                pictures.append(Image.fromarray(frame.image).resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    target = ROOT / "docs" / "images" / "face-mesh.webp"
    target.parent.mkdir(exist_ok=True)
    first, *rest = pictures
    delay = round(1000 * EVERY / 25)
    first.save(target, save_all=True, append_images=rest, duration=delay, loop=0, quality=60, method=6)


if __name__ == "__main__":
    main()
