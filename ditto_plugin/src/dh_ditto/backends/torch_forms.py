"""The form of each network that runs best on a device; all compute what the published form does."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from dh_ditto.networks.inference.decoder import CpuDecoder
from dh_ditto.networks.inference.folding import fold
from dh_ditto.networks.inference.warp import CpuWarpNetwork

_CPU_FORMS: dict[str, Callable[..., nn.Module]] = {"warp_network": CpuWarpNetwork, "decoder": CpuDecoder}


def inference_form(network: str, module: nn.Module, device: torch.device, dtype: torch.dtype) -> nn.Module:
    """A network for inference.

    Args:
        network: its name.
        module: in its published form, with its weights.
        device: to run on.
        dtype: to compute in.
    """
    if device.type == "cpu" and dtype == torch.float32 and network in _CPU_FORMS:
        return _CPU_FORMS[network](module).eval()
    folded = fold(module)
    if network == "decoder" and device.type == "cuda" and dtype != torch.float32:
        # Tensor cores read pictures with their channels last; the other networks hold volumes too.
        return folded.to(device, dtype, memory_format=torch.channels_last)
    return folded.to(device, dtype)
