"""Normalisation layers folded into the convolutions beside them, and spectral weights divided once."""

from __future__ import annotations

import copy
from typing import TypeAlias

import torch
from torch import Tensor, nn

from dh_ditto.networks.blocks import ConvBlock, ResidualBlock3d
from dh_ditto.networks.dense_motion import DenseMotionNetwork
from dh_ditto.networks.hourglass import Decoder as HourglassDecoder
from dh_ditto.networks.spectral import SpectralConv2d

_Conv: TypeAlias = nn.Conv2d | nn.Conv3d
_Norm: TypeAlias = nn.BatchNorm2d | nn.BatchNorm3d


def fold(network: nn.Module) -> nn.Module:
    """A copy of a published network with the same numbers and fewer layers, for inference on any device.

    Its modules are the published ones, without the batch norms that follow a convolution, and with ordinary
    convolutions in place of spectral ones; its state dict is therefore another.
    """
    folded = copy.deepcopy(network).eval().requires_grad_(False)
    for module in list(folded.modules()):
        if isinstance(module, ConvBlock | HourglassDecoder):
            module.conv, module.norm = folded_conv(module.conv, module.norm), nn.Identity()
        elif isinstance(module, DenseMotionNetwork):
            module.compress, module.norm = folded_conv(module.compress, module.norm), nn.Identity()
        elif isinstance(module, ResidualBlock3d):
            module.conv1, module.norm2 = folded_conv(module.conv1, module.norm2), nn.Identity()
        for name, child in module.named_children():
            if isinstance(child, SpectralConv2d):
                setattr(module, name, _plain_conv(child))
    return folded


def plain_weights(conv: _Conv | SpectralConv2d) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution that has both."""
    if conv.bias is None:
        raise ValueError("the convolution has no bias")
    return conv.weight.detach(), conv.bias.detach()


def folded_conv(conv: _Conv, norm: _Norm) -> _Conv:
    """One convolution in place of two layers, with a bias."""
    weight, bias = folded_weights(conv, norm)
    folded = copy.deepcopy(conv)
    folded.weight, folded.bias = nn.Parameter(weight, requires_grad=False), nn.Parameter(bias, requires_grad=False)
    return folded


def folded_weights(conv: _Conv, norm: _Norm) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution that does what a convolution and a batch norm after it do, in evaluation."""
    weight, bias = plain_weights(conv)
    scale, shift = scale_and_shift(norm)
    return weight * scale.view(-1, *[1] * (weight.ndim - 1)), bias * scale + shift


def scale_and_shift(norm: _Norm) -> tuple[Tensor, Tensor]:
    """[c] each: what a batch norm in evaluation multiplies by, and then adds."""
    scale = norm.weight.detach() * torch.rsqrt(norm.running_var + norm.eps)
    return scale, norm.bias.detach() - norm.running_mean * scale


def _plain_conv(spectral: SpectralConv2d) -> nn.Conv2d:
    filters, channels, size, _ = spectral.weight_orig.shape
    conv = nn.Conv2d(channels, filters, size, padding=size // 2, bias=spectral.bias is not None)
    conv.weight = nn.Parameter(spectral.weight.detach(), requires_grad=False)
    if spectral.bias is not None:
        conv.bias = nn.Parameter(spectral.bias.detach(), requires_grad=False)
    return conv
