"""Transformer layers of the motion decoder: rotary positions, attention, and a decoder layer steered by FiLM.

Rotary embedding: Su et al. 2021, arXiv:2104.09864. Here it turns the whole width of the attention's *input*, before
the projections split it into heads. FiLM: Perez et al. 2017, arXiv:1709.07871. Layers normalise before each block.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class RotaryEmbedding(nn.Module):
    """Turns each pair of neighbouring channels by an angle that grows with the position.

    Args:
        width: channels, even. Pair i turns by position * 10000^(-2i/width) radians.
    """

    freqs: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        freqs = 10000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
        self.register_buffer("freqs", freqs.float())

    def angles(self, length: int) -> Tensor:
        """[length, width/2]: radians of every pair at positions 0, 1, ..."""
        return torch.arange(length, device=self.freqs.device, dtype=self.freqs.dtype)[:, None] * self.freqs

    def forward(self, x: Tensor) -> Tensor:
        """[..., length, width], turned."""
        angles = self.angles(x.shape[-2])
        cos, sin = angles.cos(), angles.sin()
        even, odd = x[..., 0::2], x[..., 1::2]
        return torch.stack((even * cos - odd * sin, odd * cos + even * sin), -1).flatten(-2)


class Attention(nn.Module):
    """Multi-head attention with the parameter names of ``torch.nn.MultiheadAttention``.

    Args:
        width: of every token.
        heads: that the width is split into.
        dropout: of the attention weights, in training.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} does not divide into {heads} heads")
        self.heads, self.dropout = heads, dropout
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def split(self, tokens: Tensor) -> Tensor:
        """[batch, n, width] -> [batch, heads, n, width/heads]."""
        return tokens.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Attends: query [batch, n, width], key and value [batch, m, width] -> [batch, n, width]."""
        weights, biases = self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3)
        q, k, v = (
            self.split(functional.linear(tokens, weight, bias))
            for tokens, weight, bias in zip((query, key, value), weights, biases, strict=True)
        )
        mixed = functional.scaled_dot_product_attention(q, k, v, dropout_p=self.dropout if self.training else 0.0)
        return self.out_proj(mixed.transpose(1, 2).flatten(-2))


class FiLM(nn.Module):
    """A scale and a shift of ``width`` channels from a conditioning vector of the same width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Mish(), nn.Linear(width, 2 * width))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Scales and shifts x [batch, n, width] by condition [batch, width]."""
        scale, shift = self.block(condition)[:, None].chunk(2, -1)
        return (scale + 1) * x + shift


class EncoderLayer(nn.Module):
    """Self-attention and a feed-forward network.

    Args:
        width: of every token.
        ff_size: width of the feed-forward network.
        heads: of the attention.
        dropout: in training, of attention weights and after every block.
    """

    def __init__(self, width: int, ff_size: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.self_attn = Attention(width, heads, dropout)
        self.linear1, self.linear2 = nn.Linear(width, ff_size), nn.Linear(ff_size, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.rotary = RotaryEmbedding(width)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, n, width], encoded."""
        plain = self.norm1(x)
        turned = self.rotary(plain)
        x = x + self.dropout(self.self_attn(turned, turned, plain))
        hidden = self.dropout(functional.gelu(self.linear1(self.norm2(x))))
        return x + self.dropout(self.linear2(hidden))


class FiLMDecoderLayer(nn.Module):
    """Self-attention, attention to a memory and a feed-forward network; FiLM scales and shifts what each adds.

    Args:
        width: of every token.
        ff_size: width of the feed-forward network.
        heads: of both attentions.
        dropout: in training, of attention weights and after every block.
    """

    def __init__(self, width: int, ff_size: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.self_attn = Attention(width, heads, dropout)
        self.multihead_attn = Attention(width, heads, dropout)
        self.linear1, self.linear2 = nn.Linear(width, ff_size), nn.Linear(ff_size, width)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)
        self.film1, self.film2, self.film3 = FiLM(width), FiLM(width), FiLM(width)
        self.dropout = nn.Dropout(dropout)
        self.rotary = RotaryEmbedding(width)

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, condition: Tensor) -> Tensor:
        """Decodes x [batch, n, width] with a memory, turned as keys and plain as values [batch, m, width], and a
        condition [batch, width].
        """
        plain = self.norm1(x)
        turned = self.rotary(plain)
        x = x + self.film1(self.dropout(self.self_attn(turned, turned, plain)), condition)
        query = self.rotary(self.norm2(x))
        x = x + self.film2(self.dropout(self.multihead_attn(query, keys, values)), condition)
        hidden = self.dropout(functional.gelu(self.linear1(self.norm3(x))))
        return x + self.film3(self.dropout(self.linear2(hidden)), condition)
