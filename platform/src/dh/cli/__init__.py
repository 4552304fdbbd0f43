"""The ``dh`` command. Nothing heavy is imported here: each command imports what it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from dh.errors import DHError


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs ``dh`` and exits.

    Status 0: done, 1: a method failed, 2: bad usage or input, 3: something is missing here, 130: interrupted.
    """
    status = run_command(list(sys.argv[1:] if arguments is None else arguments))
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # the reader of a pipe has gone
            status = status or 1
    # Stages' threads may still be inside a native library; an ordinary exit would wait for it or crash in it.
    os._exit(status)


def run_command(arguments: list[str]) -> int:
    """Runs ``dh`` with arguments and returns its exit status; messages go to standard error."""
    debug = "--debug" in arguments or os.environ.get("DH_DEBUG") == "1"
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        from dh.cli.app import build_command

        return int(build_command().main(arguments, prog_name="dh", standalone_mode=False) or 0)
    except KeyboardInterrupt:
        _complain("interrupted")
        return 130
    except BrokenPipeError:
        return 1
    except DHError as error:
        if debug:
            raise
        _complain(str(error))
        return error.exit_code
    except Exception as error:
        # Usage errors of the command-line library; its own classes are private to it.
        explain = getattr(error, "format_message", None)
        if explain is not None:
            _complain(" ".join(explain().split()))
            return int(getattr(error, "exit_code", 2))
        if type(error).__name__ == "Abort":
            _complain("interrupted")
            return 130
        if debug:
            raise
        _complain(f"internal error: {type(error).__name__}: {' '.join(str(error).split())} (--debug shows where)")
        return 1


def _complain(message: str) -> None:
    print(f"dh: {message}", file=sys.stderr)
