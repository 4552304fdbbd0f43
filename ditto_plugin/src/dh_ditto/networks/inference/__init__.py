"""Forms of the published networks for running. The published modules are their specification and their test oracles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from dh_ditto.networks.appearance import AppearanceExtractor
from dh_ditto.networks.decoder import Decoder
from dh_ditto.networks.inference.appearance import CpuAppearanceExtractor
from dh_ditto.networks.inference.decoder import CpuDecoder
from dh_ditto.networks.inference.folding import fold
from dh_ditto.networks.inference.warp import CpuWarpNetwork
from dh_ditto.networks.warp import WarpNetwork

__all__ = ["CpuAppearanceExtractor", "CpuDecoder", "CpuWarpNetwork", "fold", "for_inference"]

_FAST_ON_CPU: dict[type[nn.Module], Callable[[Any], nn.Module]] = {
    AppearanceExtractor: CpuAppearanceExtractor,
    WarpNetwork: CpuWarpNetwork,
    Decoder: CpuDecoder,
}


def for_inference(
    network: nn.Module, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> nn.Module:
    """The fastest form of a network on a device.

    On a CPU, in float32: a form with fewer multiplications, where there is one. Elsewhere, and for other networks: the
    published modules without batch and spectral norms, which may be compiled or captured.

    Args:
        network: a published one, on the CPU; it is not changed and need not be kept.
        device: where the result is to run.
        dtype: to compute in.

    Returns:
        A module that is called as ``network`` is, with the same methods.
    """
    kind = torch.device(device).type
    if kind == "cpu" and dtype == torch.float32 and type(network) in _FAST_ON_CPU:
        return _FAST_ON_CPU[type(network)](network).eval()
    folded = fold(network)
    if isinstance(network, Decoder) and kind == "cuda" and dtype != torch.float32:
        # Tensor cores read pictures with their channels last; the other networks hold volumes too.
        return folded.to(device, dtype, memory_format=torch.channels_last)
    return folded.to(device, dtype)
