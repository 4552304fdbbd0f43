"""Frame rates and frame counts without rounding errors."""

from __future__ import annotations

from fractions import Fraction


def exact_rate(fps: float) -> Fraction:
    """A frame rate as a fraction: 25 is 25, 12.5 is 25/2, 29.97 is 30000/1001 (NTSC)."""
    simple = Fraction(fps).limit_denominator(10)
    if abs(float(simple) - fps) < 1e-9:
        return simple
    ntsc = Fraction(round(fps) * 1000, 1001)
    return ntsc if abs(float(ntsc) - fps) < 5e-3 else Fraction(fps).limit_denominator(1000)


def frames_for(samples: int, sample_rate: int, fps: float) -> int:
    """Frames that ``samples`` of audio fill: ceil(duration x fps)."""
    rate = exact_rate(fps)
    return -(-samples * rate.numerator // (sample_rate * rate.denominator))
