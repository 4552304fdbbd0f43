"""The SPADE decoder for CPUs: the published one's numbers, with a quarter of its multiplications."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from dh_ditto.networks.decoder import Decoder
from dh_ditto.networks.inference import tiles as tiled
from dh_ditto.networks.inference.folding import plain_weights
from dh_ditto.networks.inference.phases import PhaseConv
from dh_ditto.networks.inference.scratch import Scratch
from dh_ditto.networks.inference.winograd import WinogradConv
from dh_ditto.networks.spade import SLOPE, SpadeBlock, SpadeNorm

_EPSILON = 1e-5


class CpuDecoder(nn.Module):
    """A decoder made from a published one, for inference in float32.

    Between input and output everything is in the tiled layout, one frame at a time. The feature map, which conditions
    every block, is transformed only once; what blocks read of it enlarged is computed before enlarging.

    Args:
        decoder: whose weights to take; it is not changed.
    """

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        scratch = Scratch()
        self.fc = WinogradConv(*plain_weights(decoder.fc), scratch)
        self.middle = nn.ModuleList(MiddleBlock(block, scratch) for block in decoder.middle)
        self.up_0 = UpBlock(decoder.up_0, 2, scratch)
        self.up_1 = UpBlock(decoder.up_1, 4, scratch)
        self.conv_img = WinogradConv(*plain_weights(decoder.conv_img[0]), scratch)
        self.shuffle = decoder.conv_img[1]

    @torch.inference_mode()
    def forward(self, feature: Tensor) -> Tensor:
        """[n,256,h,w], h and w multiples of 4, to [n,3,8h,8w] in 0..1."""
        return torch.stack([self._picture(one) for one in feature])

    def _picture(self, feature: Tensor) -> Tensor:
        condition = self.fc.transformed(tiled.cut(feature))
        x = self.fc.filtered(condition)
        for block in self.middle:
            x = block(x, condition)
        x = self.up_1(self.up_0(x, feature), feature)
        x = self.conv_img(functional.leaky_relu_(x, SLOPE))
        return self.shuffle(tiled.join(x)).sigmoid_()


class MiddleBlock(nn.Module):
    """A SPADE block of as many filters as channels, at the feature map's size."""

    def __init__(self, block: SpadeBlock, scratch: Scratch) -> None:
        super().__init__()
        norms = [block.norm_0, block.norm_1]
        self.hidden = WinogradConv(*_shared(norms), scratch)
        self.norm_0, self.norm_1 = (Modulation(norm, scratch) for norm in norms)
        self.conv_0 = WinogradConv(*plain_weights(block.conv_0), scratch)
        self.conv_1 = WinogradConv(*plain_weights(block.conv_1), scratch)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """[4,4,c,h,w] and the transformed map to [4,4,c,h,w]."""
        hidden_0, hidden_1 = self.hidden.filtered(condition).relu_().chunk(2, 2)
        y = self.conv_0(self.norm_0(normalise(x), hidden_0))
        return self.conv_1(self.norm_1(normalise(y), hidden_1)).add_(x)


class UpBlock(nn.Module):
    """Twofold enlargement and a SPADE block with a learned shortcut.

    Args:
        block: whose weights to take.
        factor: by which the map must be enlarged to the size of the result: 2 or 4.
        scratch: for intermediate results.
    """

    def __init__(self, block: SpadeBlock, factor: int, scratch: Scratch) -> None:
        super().__init__()
        norms = [block.norm_0, block.norm_1, block.norm_s]
        self.factor = factor
        self.hidden = PhaseConv(*_shared(norms), factor, scratch)
        self.norm_0 = Modulation(block.norm_0, scratch, repeated=factor == 4)
        self.norm_1 = Modulation(block.norm_1, scratch, repeated=factor == 4)
        self.conv_0 = WinogradConv(*plain_weights(block.conv_0), scratch)
        self.conv_1 = WinogradConv(*plain_weights(block.conv_1), scratch)
        self.shortcut = Shortcut(block, scratch, repeated=factor == 4)

    def forward(self, x: Tensor, feature: Tensor) -> Tensor:
        """[4,4,c,h,w] and a map [256,...] to [4,4,filters,2h,2w]."""
        hidden_0, hidden_1, hidden_s = self._hidden_maps(feature).chunk(3, 2)
        normal = tiled.halve(normalise(x))
        y = self.conv_0(self.norm_0(normal, hidden_0))
        y = self.conv_1(self.norm_1(normalise(y), hidden_1))
        return y.add_(self.shortcut(normal, hidden_s))

    def _hidden_maps(self, feature: Tensor) -> Tensor:
        """What the norms read, in one tensor: [4,4,c,h,w], or [3,3,c,h,w] with repeated pixels if ``factor`` is 4."""
        phases = self.hidden(feature).relu_()
        if self.factor == 4:  # a pixel of the map is a tile here
            return phases
        return tiled.merge(phases.unsqueeze(3)).squeeze(3)


class Modulation(nn.Module):
    """Scale and shift of normalised features by convolutions of a hidden map, and the leaky ReLU after them.

    Args:
        norm: whose weights to take.
        scratch: for intermediate results.
        repeated: whether the hidden map's pixels are, see WinogradConv.
    """

    def __init__(self, norm: SpadeNorm, scratch: Scratch, repeated: bool = False) -> None:
        super().__init__()
        (scale, scale_bias), (shift, shift_bias) = plain_weights(norm.mlp_gamma), plain_weights(norm.mlp_beta)
        self.conv = WinogradConv(torch.cat([scale, shift]), torch.cat([scale_bias + 1, shift_bias]), scratch, repeated)
        self.scratch = scratch

    def forward(self, normal: Tensor, hidden: Tensor) -> Tensor:
        """Features [4,4,c,h,w], or [2,2,c,h,w] to be enlarged, and a hidden map of h x w tiles to [4,4,c,h,w]."""
        out = self.scratch.empty("modulated", tiled.TILE, tiled.TILE, *normal.shape[2:])
        for rows, strip in self.conv.strips(hidden):
            scale, shift = strip.chunk(2, 2)
            features, target = _spread(normal[..., rows, :]), out[..., rows, :]
            torch.addcmul(_by(features, shift), features, _by(features, scale), out=_by(features, target))
            functional.leaky_relu_(target, SLOPE)
        return out


class Shortcut(nn.Module):
    """The learned shortcut: a 1x1 convolution of modulated features. That of the shift is part of the shift's own."""

    weight: Tensor

    def __init__(self, block: SpadeBlock, scratch: Scratch, repeated: bool) -> None:
        super().__init__()
        mix = block.conv_s.weight.detach().flatten(1)
        scale, scale_bias = plain_weights(block.norm_s.mlp_gamma)
        shift, shift_bias = plain_weights(block.norm_s.mlp_beta)
        mixed_shift = torch.einsum("fc,cijk->fijk", mix, shift)
        self.conv = WinogradConv(
            torch.cat([scale, mixed_shift]), torch.cat([scale_bias + 1, mix @ shift_bias]), scratch, repeated
        )
        self.register_buffer("weight", mix)

    def forward(self, normal: Tensor, hidden: Tensor) -> Tensor:
        """Features [2,2,c,h,w] to be enlarged and a hidden map of h x w tiles to [4,4,filters,h,w]."""
        filters, channels = self.weight.shape
        out = normal.new_empty(tiled.TILE, tiled.TILE, filters, *normal.shape[3:])
        for rows, strip in self.conv.strips(hidden):
            scale, shift = strip.split([channels, filters], 2)
            features = _spread(normal[..., rows, :])
            _by(features, scale).mul_(features)
            mixed = self.weight @ scale.flatten(3).flatten(0, 1)
            torch.add(shift, mixed.view(shift.shape), out=out[..., rows, :])
        return out


def normalise(tiles: Tensor) -> Tensor:
    """Instance norm of [p,p,c,h,w]."""
    count = tiles.numel() // tiles.shape[2]
    mean = tiles.sum((0, 1, 3, 4)) / count
    centred = tiles - mean[:, None, None]
    energy = torch.linalg.vector_norm(centred.flatten(3), dim=-1).square().sum((0, 1))
    return centred.mul_((energy / count + _EPSILON).rsqrt()[:, None, None])


def _spread(tiles: Tensor) -> Tensor:
    """[p,p,...] as [p,1,p,1,...]: for enlargement by broadcasting."""
    return tiles[:, None, :, None]


def _by(features: Tensor, tiles: Tensor) -> Tensor:
    """Tiles [q,q,...] as [p,q/p,p,q/p,...], to go with features [p,1,p,1,...]."""
    p = len(features)
    return tiles.unflatten(1, (p, -1)).unflatten(0, (p, -1))


def _shared(norms: list[SpadeNorm]) -> tuple[Tensor, Tensor]:
    """Weight and bias of the norms' first convolutions as one."""
    weights, biases = zip(*(plain_weights(norm.mlp_shared[0]) for norm in norms), strict=True)
    return torch.cat(weights), torch.cat(biases)
