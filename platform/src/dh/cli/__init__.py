"""The ``dh`` command. Nothing heavy is imported here: each command imports what it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from dh.errors import DHError

INTERRUPTED = 130


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
    try:
        try:
            status = _run([argument for argument in arguments if argument != "--debug"])
        except KeyboardInterrupt:
            status = INTERRUPTED
        except DHError as error:
            if debug:
                raise
            return _complain(str(error), error.exit_code)
        return _complain("interrupted", status) if status == INTERRUPTED else status
    except BrokenPipeError:
        return 1
    except Exception as error:
        if debug:
            import traceback

            traceback.print_exc()
            return getattr(error, "exit_code", 1)
        return _complain(f"internal error: {type(error).__name__}: {error} (--debug shows where)", 1)


def _run(arguments: list[str]) -> int:
    from dh.cli.app import build_command

    command = build_command()
    try:
        return int(command.main(arguments, prog_name="dh", standalone_mode=False) or 0)
    except Exception as error:
        # Usage errors of the command-line library, whose classes are private to it.
        explain = getattr(error, "format_message", None)
        if explain is None:
            raise
        if type(error).__name__ == "NoArgsIsHelpError":
            print(explain())
            return 0
        return _complain(explain(), int(getattr(error, "exit_code", 2)))


def _complain(message: str, status: int) -> int:
    print(f"dh: {' '.join(message.split())}", file=sys.stderr)
    return status
