"""What each exported graph takes, computes and gives. Names and shapes are the published ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dh_ditto.backends.base import PUBLISHED_GUIDANCE
from dh_ditto.diffusion import alphas_cumprod
from dh_ditto.networks.denoiser import MotionDecoder


@dataclass(frozen=True)
class Interface:
    """Tensors of a graph.

    Args:
        inputs: shape of each, float32 but for the diffusion time.
        outputs: names in order.
        half_inputs: inputs that a graph of half precision may round; it still takes them as float32.
    """

    inputs: Mapping[str, tuple[int, ...]]
    outputs: tuple[str, ...]
    half_inputs: tuple[str, ...] = ()

    def example(self) -> dict[str, Tensor]:
        """Inputs of the right shapes and kinds."""
        return {
            name: torch.zeros(shape, dtype=torch.int64 if name == "time_cond" else torch.float32)
            for name, shape in self.inputs.items()
        }


STARTER = "starter"
"""The diffusion model whose graph takes the guidance as an input; the published graph has it inside."""

_KEYPOINTS = {"kp_source": (1, 21, 3), "kp_driving": (1, 21, 3)}
_PICTURE = {"image": (1, 3, 256, 256)}


def interface(network: str, module: nn.Module) -> Interface:
    """The interface of a network's graph; the diffusion model's depends on the module's own sizes.

    Half precision is for the networks that gain by it and stand it: keypoints, poses and motion keep float32, as in
    the published engines.
    """
    if isinstance(module, MotionDecoder):
        frames, motion, condition = module.seq_frames, module.motion_feat_dim, module.audio_feat_dim
        shapes = {
            "x": (1, frames, motion),
            "cond_frame": (1, motion),
            "cond": (1, frames, condition),
            "time_cond": (1,),
        }
        if network == STARTER:
            return Interface({**shapes, "guidance": (1,)}, ("x_start",))
        return Interface(shapes, ("pred_noise", "x_start"))
    return {
        "appearance_extractor": Interface(_PICTURE, ("pred",), ("image",)),
        "motion_extractor": Interface(_PICTURE, ("pitch", "yaw", "roll", "t", "exp", "scale", "kp")),
        "stitch_network": Interface(_KEYPOINTS, ("out",)),
        "warp_network": Interface({"feature_3d": (1, 32, 16, 64, 64), **_KEYPOINTS}, ("out",), ("feature_3d",)),
        "decoder": Interface({"feature": (1, 256, 64, 64)}, ("output",), ("feature",)),
    }[network]


def graph(module: nn.Module, shape: Interface, half: bool) -> nn.Module:
    """The module to trace: float32 in and out, whatever it computes in.

    Args:
        module: the network; half precision alters it.
        shape: its interface.
        half: compute in half precision, if the interface has inputs for it.
    """
    if isinstance(module, MotionDecoder):
        return GuidedDenoiserGraph(module) if "pred_noise" in shape.outputs else SteeredDenoiserGraph(module)
    return NetworkGraph(module, shape, half and bool(shape.half_inputs))


class NetworkGraph(nn.Module):
    """A network with named outputs."""

    def __init__(self, module: nn.Module, shape: Interface, half: bool) -> None:
        super().__init__()
        self._module, self._shape = module.half() if half else module, shape
        self._halved = shape.half_inputs if half else ()

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Inputs and outputs in the interface's order."""
        named = zip(self._shape.inputs, inputs, strict=True)
        result = self._module(*(value.half() if name in self._halved else value for name, value in named))
        if isinstance(result, Mapping):
            return tuple(result[name].float() for name in self._shape.outputs)
        return (result.float(),)


class SteeredDenoiserGraph(nn.Module):
    """One step of the diffusion model with guidance of any strength: both branches as one batch of two."""

    keep: Tensor

    def __init__(self, module: MotionDecoder) -> None:
        super().__init__()
        self._module = module
        self.register_buffer("keep", torch.tensor([True, False]))

    def forward(self, x: Tensor, cond_frame: Tensor, cond: Tensor, time_cond: Tensor, guidance: Tensor) -> Tensor:
        """Noisy x [1,n,motion], cond_frame [1,motion], cond [1,n,condition], time_cond int64 [1] and guidance [1] to
        the predicted clean motion [1,n,motion].
        """
        pair = (value.expand(2, *value.shape[1:]) for value in (x, cond_frame, cond, time_cond))
        own, null = self._module(*pair, keep=self.keep).chunk(2)
        return null + guidance * (own - null)


class GuidedDenoiserGraph(nn.Module):
    """A step of the published diffusion model."""

    alphas: Tensor
    strength: Tensor

    def __init__(self, module: MotionDecoder) -> None:
        super().__init__()
        self._steered = SteeredDenoiserGraph(module)
        self.register_buffer("alphas", torch.from_numpy(alphas_cumprod()))
        self.register_buffer("strength", torch.tensor([PUBLISHED_GUIDANCE]))

    def forward(self, x: Tensor, cond_frame: Tensor, cond: Tensor, time_cond: Tensor) -> tuple[Tensor, Tensor]:
        """The arguments of ``SteeredDenoiserGraph``, less guidance, to the predicted noise and clean motion."""
        x_start = self._steered(x, cond_frame, cond, time_cond, self.strength)
        alpha = self.alphas[time_cond][:, None, None]
        of_x, of_x_start = (1 / (1 - alpha)).sqrt().float(), (1 / (1 / alpha - 1).sqrt()).float()
        return x * of_x - x_start * of_x_start, x_start
