"""The diffusion transformer of Ditto (Li et al. 2024, arXiv:2411.19509), after EDGE (Tseng et al. 2023,
arXiv:2211.10658): predicts a clean window of motion from a noisy one, speech features and the frame before it.

These are the readable forms, and the one to train; ``guided_denoiser`` computes the same faster.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dh_ditto.motion import Array
from dh_ditto.networks.attention import EncoderLayer, FiLMDecoderLayer, RotaryEmbedding

TIME_TOKENS = 2
"""Tokens of the diffusion time at the end of the memory."""


class TimeEmbedding(nn.Module):
    """Sines, then cosines, of a time at geometrically spaced frequencies from 1 to 1/10000."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, times: Tensor) -> Tensor:
        """[batch] -> [batch, width] float32."""
        half = self.width // 2
        index = torch.arange(half, device=times.device, dtype=torch.float32)
        angles = times[:, None] * torch.exp(index * (-math.log(10000) / (half - 1)))
        return torch.cat((angles.sin(), angles.cos()), -1)


class FiLMDecoder(nn.Module):
    """A stack of decoder layers over one memory."""

    def __init__(self, layers: int, width: int, ff_size: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.stack = nn.ModuleList(FiLMDecoderLayer(width, ff_size, heads, dropout) for _ in range(layers))

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, condition: Tensor) -> Tensor:
        """Decodes x [batch, n, width] with keys and values [batch, m, width] and a condition [batch, width]."""
        for layer in self.stack:
            x = layer(x, keys, values, condition)
        return x


class MotionDecoder(nn.Module):
    """Predicts the clean motion x0 of one window. The defaults are the published model's.

    Args:
        motion_feat_dim: width of a motion vector.
        audio_feat_dim: width of a condition row: speech features and whatever else steers the motion.
        seq_frames: frames of a window.
        latent_dim: width of the tokens.
        ff_size: width of the feed-forward networks.
        num_layers: decoder layers.
        num_heads: heads of every attention.
        dropout: in training.
        multi_cond_frame: the conditioning motion has a row for every frame, with one value more that marks known rows.
    """

    def __init__(
        self,
        motion_feat_dim: int = 265,
        audio_feat_dim: int = 1103,
        seq_frames: int = 80,
        latent_dim: int = 512,
        ff_size: int = 1024,
        num_layers: int = 8,
        num_heads: int = 8,
        dropout: float = 0.1,
        multi_cond_frame: bool = False,
    ) -> None:
        super().__init__()
        self.motion_feat_dim, self.audio_feat_dim, self.seq_frames = motion_feat_dim, audio_feat_dim, seq_frames
        self.multi_cond_frame = multi_cond_frame
        width, wide = latent_dim, 4 * latent_dim
        self.null_cond_embed = nn.Parameter(torch.randn(1, seq_frames, width))
        self.null_cond_hidden = nn.Parameter(torch.randn(1, width))
        self.rotary = RotaryEmbedding(width)
        self.time_mlp = nn.Sequential(TimeEmbedding(width), nn.Linear(width, wide), nn.Mish())
        self.to_time_cond = nn.Sequential(nn.Linear(wide, width))
        self.to_time_tokens = nn.Sequential(
            nn.Linear(wide, TIME_TOKENS * width), nn.Unflatten(-1, (TIME_TOKENS, width))
        )
        self.norm_cond = nn.LayerNorm(width)
        self.input_projection = nn.Linear(2 * motion_feat_dim + multi_cond_frame, width)
        self.cond_encoder = nn.Sequential(*(EncoderLayer(width, ff_size, num_heads, dropout) for _ in range(2)))
        self.cond_projection = nn.Linear(audio_feat_dim, width)
        self.non_attn_cond_projection = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.seqTransDecoder = FiLMDecoder(num_layers, width, ff_size, num_heads, dropout)
        self.final_layer = nn.Linear(width, motion_feat_dim)

    def forward(self, x: Tensor, cond_frame: Tensor, cond: Tensor, times: Tensor, keep: Tensor | None = None) -> Tensor:
        """Predicts x0.

        Args:
            x: [batch, n, motion], noisy motion; n is the constructor's ``seq_frames``.
            cond_frame: [batch, motion], the frame before the window; with ``multi_cond_frame`` [batch, n, motion + 1].
            cond: [batch, n, condition].
            times: [batch], diffusion times from 0.
            keep: [batch] bool, where to keep the condition; None keeps it everywhere. Elsewhere the learned null
                condition takes its place, tokens and summary together.

        Returns:
            [batch, n, motion].
        """
        known = cond_frame if self.multi_cond_frame else cond_frame[:, None].expand(-1, x.shape[1], -1)
        hidden = self.input_projection(torch.cat((x, known), -1))
        tokens, summary = self.encode(cond)
        if keep is not None:
            tokens = torch.where(keep[:, None, None], tokens, self.null_cond_embed)
            summary = torch.where(keep[:, None], summary, self.null_cond_hidden)
        time = self.time_mlp(times)
        memory = self.norm_cond(torch.cat((tokens, self.to_time_tokens(time)), 1))
        condition = self.to_time_cond(time) + summary
        return self.final_layer(self.seqTransDecoder(hidden, self.rotary(memory), memory, condition))

    def encode(self, cond: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens [batch, n, width] of cond [batch, n, condition], and their summary [batch, width]."""
        tokens = self.cond_encoder(self.cond_projection(cond))
        return tokens, self.non_attn_cond_projection(tokens.mean(1))


class TwoPassDenoiser:
    """Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598) as a ``Denoiser``: one pass with the condition,
    one without.

    Args:
        module: in evaluation mode.
        guidance: weight of the condition; 1 is no guidance.
    """

    def __init__(self, module: MotionDecoder, guidance: float = 2.0) -> None:
        self._module, self._guidance = module, guidance

    def array(self, values: Array) -> Tensor:
        """``values`` on the module's device."""
        return torch.from_numpy(values).to(self._module.null_cond_hidden.device)

    def numpy(self, values: Tensor) -> Array:
        """``values`` on the host."""
        result: Array = values.cpu().numpy()
        return result

    def prepare(self, cond_frame: Array, cond: Array, times: Sequence[int]) -> tuple[Tensor, Tensor]:
        """The arguments as tensors."""
        return self.array(cond_frame), self.array(cond)

    def x_start(self, prepared: tuple[Tensor, Tensor], x: Tensor, time: int) -> Tensor:
        """The guided prediction [1, n, motion] for ``x`` [1, n, motion] at a time."""
        own, null = (self.one_pass(prepared, x, time, keep) for keep in (True, False))
        return null + self._guidance * (own - null)

    @torch.inference_mode()
    def one_pass(self, prepared: tuple[Tensor, Tensor], x: Tensor, time: int, keep: bool) -> Tensor:
        """The prediction with the condition or without."""
        prediction: Tensor = self._module(
            x, *prepared, torch.tensor([time], device=x.device), torch.tensor([keep], device=x.device)
        )
        return prediction
