"""Assembles the command line: the host's commands, then those of plugins."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
import typer.main

from dh.cli import (
    avatar,
    bench,
    checkpoints,
    compare,
    doctor,
    evaluate,
    export,
    methods,
    metrics,
    new,
    plugins,
    run,
    training,
)


def _version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata

        typer.echo(f"dh {importlib.metadata.version('dh-platform')}")
        raise typer.Exit


def build_app() -> typer.Typer:
    """The host's own commands."""
    app = typer.Typer(
        name="dh",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
        help="A platform for digital humans: a picture or video of a person and speech in, a talking video out.",
    )

    @app.callback()
    def _root(
        version: Annotated[
            bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
        ] = False,
        debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    ) -> None:
        pass

    app.command("run")(run.run)
    app.command("compare")(compare.compare)
    app.add_typer(methods.app, name="methods")
    app.add_typer(plugins.app, name="plugins")
    app.command("doctor")(doctor.doctor)
    app.add_typer(avatar.app, name="avatar")
    app.add_typer(checkpoints.app, name="checkpoints")
    app.command("export")(export.export)
    app.command("bench")(bench.bench)
    app.command("evaluate")(evaluate.evaluate)
    app.command("metrics")(metrics.metrics)
    app.command("prepare")(training.prepare)
    app.command("train")(training.train)
    app.command("new")(new.new)
    return app


def build_command() -> Any:
    """The whole command: the host's and, where they load, the plugins' own.

    A plugin whose commands cannot be added is marked broken and lets every other command work.
    """
    from dh.plugins import installed_plugins
    from dh.text import one_line

    app = build_app()
    installed = installed_plugins()
    for record in list(installed.records):
        plugin = installed.manager.get_plugin(record.name)
        if plugin is None or not hasattr(plugin, "dh_commands"):
            continue
        others = [other for other in installed.manager.get_plugins() if other is not plugin]
        before = list(app.registered_commands), list(app.registered_groups)
        try:
            installed.manager.subset_hook_caller("dh_commands", others)(app=app)
            typer.main.get_command(app)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            app.registered_commands, app.registered_groups = before
            installed.mark_broken(record, f"commands failed: {type(error).__name__}: {one_line(error)}")
            print(f"dh: plugin {record.name} is broken; see 'dh plugins'", file=sys.stderr)
    return typer.main.get_command(app)
