"""Words of other libraries' errors, for messages of one line."""

from __future__ import annotations


def one_line(error: BaseException, longest: int = 160) -> str:
    """The error's text without line breaks, cut where it grows long."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= longest else text[: longest - 3] + "..."
