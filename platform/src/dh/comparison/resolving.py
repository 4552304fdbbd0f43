"""The job that finds out what each variant would run here, without running it.

It is a job of its own process because it imports the models of plugins' options, and with them whatever they import.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dh.comparison.channel import Channel
from dh.comparison.outcome import explain
from dh.configuration import Configuration, configure, demands_of
from dh.errors import DHError, InputError, OptionError
from dh.licences import parts
from dh.machine import version_of
from dh.registry import Chain, installed
from dh.request import RunRequest, make_request
from dh.text import nearest, one_line


def work(job: dict[str, Any], channel: Channel) -> dict[str, Any]:
    """Resolves ``job["variants"]``, arguments of ``dh.run`` by index, from ``job["first"]`` on.

    Each is told by a "resolving" event before and a "resolved" one after, so that the parent knows which one ended this
    process, if one does. A variant with a mistake of the user's is told as {"mistake": one line}.

    Returns:
        {"metrics": {name: version} of those that can be measured}, or {"mistake": one line} where one is unknown.
    """
    try:
        metrics = _metrics(job["metrics"])
    except OptionError as error:
        return {"mistake": one_line(error)}
    for index, arguments in enumerate(job["variants"]):
        if index < job["first"]:
            continue
        channel.send("resolving", index=index)
        channel.send("resolved", index=index, variant=_resolve_or_explain(arguments))
    return {"metrics": metrics}


def _resolve_or_explain(arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        return _resolve(make_request(**arguments))
    except InputError as error:
        return {"mistake": one_line(error).removeprefix("--set ").removeprefix("--method: ")}
    except Exception as error:  # a plugin's model of options may raise anything
        return {"obstacle": _obstacle(error)}


def _resolve(request: RunRequest) -> dict[str, Any]:
    """Components, options and licences, and under "obstacle" the outcome of every cell, if it is known already."""
    registry = installed()
    chain = registry.chain(
        request.method,
        profile=request.profile,
        driver=request.driver,
        renderer=request.renderer,
        demands=demands_of(request),
    )
    described: dict[str, Any] = {
        "profile": chain.profile,
        "avatar": chain.avatar.name,
        "driver": chain.driver.name,
        "renderer": chain.renderer.name,
        "notice": chain.notice,
        "options": {},
        "licences": _licences(chain, {}),
        "obstacle": None,
    }
    try:
        configured = configure(request, chain)
    except InputError:
        raise
    except DHError as error:
        return {**described, "obstacle": _obstacle(error)}
    described["licences"] = _licences(chain, configured.weights)
    described["options"] = {
        f"{role}.{key}": value
        for role, model in configured.options.items()
        for key, value in model.model_dump(mode="json", exclude_unset=True).items()
    }
    return {**described, "decides": _decides(request, chain, configured), "mode": configured.mode}


def _decides(request: RunRequest, chain: Chain, configured: Configuration) -> dict[str, Any]:
    """All of a variant that decides its videos: what a cell's key is made of, but for the inputs."""
    return {
        "platform": version_of("dh-platform"),
        "seed": request.seed,
        "fps": request.fps,
        "components": {
            role: {
                "name": component.name,
                "plugin": component.plugin,
                "version": version_of(component.distribution),
                "device": configured.devices[role],
                "options": configured.options[role].model_dump(mode="json"),
                "weights": str(configured.weights[role]) if role in configured.weights else None,
                "checkpoints": {
                    spec.name: spec.revision
                    for spec in component.spec.checkpoints
                    if spec.name in configured.checkpoints[role]
                },
            }
            for role, component in chain.roles.items()
        },
    }


def _licences(chain: Chain, weights: dict[str, Path]) -> list[dict[str, str]]:
    """Licence and commercial use of every component and of the weights that it needs, each once."""

    def rows() -> Iterator[tuple[str, str, str]]:
        for role, component in chain.roles.items():
            kind = role if role in ("avatar", "driver", "renderer") else "adapter"
            for name, licence, use in parts(component.spec, weights.get(role)):
                what = f"{kind} {name}" if name == component.name else f"checkpoint {name.partition('/')[0]}"
                yield what, licence, use

    return [{"what": what, "name": licence, "commercial": use} for what, licence, use in dict.fromkeys(rows())]


def _metrics(wanted: list[str] | None) -> dict[str, str]:
    """Versions of the metrics by name: those that are wanted, or every one that can run here."""
    known = installed().metrics
    for name in wanted or ():
        if name not in known:
            raise OptionError(f"--metrics {name}: there is no such metric{nearest(name, known)}")
    chosen = {name: known[name] for name in wanted} if wanted is not None else known
    return {name: metric.spec.version for name, metric in chosen.items() if wanted is not None or metric.status.ok}


def _obstacle(error: Exception) -> dict[str, str]:
    outcome = asdict(explain(error))
    return {name: outcome[name] for name in ("state", "reason", "remedy")}
