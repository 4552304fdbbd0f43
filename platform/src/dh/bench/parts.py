"""The parts that a method measures itself."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from dh.bench.request import BenchRequest
from dh.components import PartsBench
from dh.machine import machine, peak_memory
from dh.progress import Listener, Notice, ignore
from dh.registry import import_dotted, installed
from dh.states import choose_device


def parts_bench(method: str) -> PartsBench | None:
    """The function that measures a method's own parts, None where the method declares none.

    Raises:
        OptionError: there is no such method.
        PluginError: the function cannot be imported.
    """
    dotted = installed().method(method).bench
    return import_dotted(dotted, f"method {method}") if dotted else None


def measure_parts(bench: PartsBench, request: BenchRequest, listener: Listener = ignore) -> dict[str, Any]:
    """Measures a method's own parts, on the device that a run of the method would use.

    Returns:
        Milliseconds of each part, those of the plain way and their ratio where there is one, peak memory and machine.

    Raises:
        DeviceMissing: this machine lacks the device, or the method cannot use it.
        DHError: as the method's own function.
    """
    chains = installed().chains(request.method)
    specs = [component.spec for chain in chains for component in chain.components]
    devices = choose_device(request.device, specs)
    device = next((device for device in devices if device not in ("", "cpu")), "cpu")
    parts = bench(
        repeats=request.repeats,
        device=device,
        options=request.options,
        notice=lambda text: listener(Notice(text)),
    )
    return {
        "parts": [
            {**asdict(part), "times_faster": round(part.plain_ms / part.ms, 3) if part.plain_ms and part.ms else None}
            for part in parts
        ],
        **peak_memory(),
        "machine": machine(),
    }
