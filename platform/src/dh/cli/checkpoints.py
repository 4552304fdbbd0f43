"""``dh checkpoints``: the weights that components declare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dh.cli.completion import complete_checkpoint, complete_method
from dh.cli.output import Json, print_json, print_notice, print_table
from dh.errors import CheckpointMissing, OptionError
from dh.home import command

if TYPE_CHECKING:
    from dh.declarations import CheckpointSpec

app = typer.Typer(help="List, fetch, verify and convert weights.", no_args_is_help=True)

MethodName = Annotated[str, typer.Argument(help="A method.", autocompletion=complete_method)]
Names = Annotated[
    list[str], typer.Argument(help="Checkpoints, or methods for those they need.", autocompletion=complete_checkpoint)
]


def _named(names: list[str]) -> list[CheckpointSpec]:
    from dh.checkpoints import needs
    from dh.registry import installed
    from dh.text import nearest

    registry = installed()
    known = registry.checkpoints()
    chosen: dict[str, CheckpointSpec] = {}
    for name in names:
        if name in known:
            chosen[name] = known[name]
        elif name in registry.methods:
            for component in (component for chain in registry.chains(name) for component in chain.components):
                used = {*needs.present(component.spec), *needs.absent(component.spec)}
                chosen.update({spec.name: spec for spec in component.spec.checkpoints if spec.name in used})
        else:
            raise OptionError(f"there is no checkpoint or method {name!r}{nearest(name, [*known, *registry.methods])}")
    return list(chosen.values())


@app.command("list")
def list_(json: Json = False) -> None:
    """List every checkpoint with its state, size and licence."""
    from dh import checkpoints
    from dh.registry import installed

    specs = list(installed().checkpoints().values())
    rows = [
        {
            "name": spec.name,
            "summary": spec.summary,
            "repository": spec.repository,
            "revision": spec.revision,
            "state": "present" if checkpoints.state(spec).present else "missing",
            "files": [
                {
                    "path": file.path,
                    "size": file.size,
                    "licence": file.licence.name,
                    "commercial": file.licence.commercial,
                }
                for file in spec.files
            ],
            "folder": str(checkpoints.folder(spec)),
        }
        for spec in specs
    ]
    if json:
        print_json(rows)
    elif not rows:
        typer.echo("No installed component needs weights.")
    else:
        print_table(
            ("checkpoint", "state", "repository", "licences", "summary"),
            [
                (
                    str(row["name"]),
                    str(row["state"]),
                    f"{row['repository']}@{row['revision']}",
                    ", ".join(sorted({file.licence.name for file in spec.files})),
                    str(row["summary"]),
                )
                for row, spec in zip(rows, specs, strict=True)
            ],
        )


@app.command()
def pull(
    names: Names,
    force: Annotated[bool, typer.Option("--force", help="Fetch again what is there.")] = False,
) -> None:
    """Fetch checkpoints from their hub repository; interrupted downloads go on where they stopped."""
    from dh import checkpoints

    specs = _named(names)
    if not specs:
        typer.echo("Nothing to fetch: no weights are needed.")
    for spec in specs:
        typer.echo(str(checkpoints.pull(spec, force=force)))


@app.command()
def verify(names: Names, json: Json = False) -> None:
    """Check sizes and hashes of the files that are there; exit status 3 if one is missing or wrong."""
    from dh import checkpoints

    results = [(spec, result) for spec in _named(names) for result in checkpoints.verify(spec)]
    if json:
        print_json(
            [{"checkpoint": spec.name, "file": result.path, "result": result.result} for spec, result in results]
        )
    else:
        for spec, result in results:
            typer.echo(f"{spec.name}/{result.path}: {result.result}")
    bad = [(spec.name, result.path) for spec, result in results if not result.sound]
    if bad:
        files = ", ".join("/".join(pair) for pair in bad)
        wanted = " ".join(sorted({name for name, _ in bad}))
        raise CheckpointMissing(f"{files}: missing or wrong; run: {command()} checkpoints pull {wanted}")


@app.command()
def convert(
    method: MethodName,
    source: Annotated[
        str | None,
        typer.Option("--from", help="Folder with the published files.  [default: what was pulled for the method]"),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Folder to write.  [default: where runs look for it]")
    ] = None,
) -> None:
    """Turn a method's published weights into safetensors and YAML; nothing in them is ever executed."""
    from pathlib import Path

    from dh.weights_tools import new_folder, pulled_folder, weights_tool

    function = weights_tool(method, "convert")
    folder = pulled_folder(method, source, "--from")
    target = new_folder(Path(output)) if output else None
    typer.echo(str(function(folder, target, print_notice)))


@app.command()
def init(
    method: MethodName,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the weights.")] = 0,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Folder to write.  [default: METHOD-untrained]")
    ] = None,
) -> None:
    """Write untrained weights of a method's full size, for tests and benchmarks: videos from them show nothing."""
    from pathlib import Path

    from dh import checkpoints
    from dh.weights_tools import new_folder, weights_tool

    function = weights_tool(method, "initialise")
    target = new_folder(Path(output) if output else checkpoints.checkpoint_root() / f"{method}-untrained")
    typer.echo(str(function(target, seed, print_notice)))


@app.command()
def path(name: Annotated[str, typer.Argument(help="A checkpoint.", autocompletion=complete_checkpoint)]) -> None:
    """Print the folder that a checkpoint's files belong in."""
    from dh import checkpoints

    for spec in _named([name]):
        typer.echo(str(checkpoints.folder(spec)))
