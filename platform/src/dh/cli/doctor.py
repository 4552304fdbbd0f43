"""``dh doctor``: what this machine has, what is missing, and the command that mends it."""

from __future__ import annotations

import typer

from dh.cli.output import Json, print_json


def doctor(json: Json = False) -> None:
    """Check this machine: Python, codecs, devices, plugins, methods and weights, each with its remedy.

    Exit status 1 if anything that is installed is broken.
    """
    from dh.doctor import examine

    findings = examine()
    if json:
        print_json([finding.as_dict() for finding in findings])
    else:
        for finding in findings:
            mark = {"ok": "ok  ", "missing": "note", "broken": "FAIL"}[finding.level]
            typer.echo(
                f"{mark}  {finding.subject}: {finding.detail}" + (f"; {finding.remedy}" if finding.remedy else "")
            )
    if any(finding.level == "broken" for finding in findings):
        raise typer.Exit(1)
