"""The motion decoder with classifier-free guidance, arranged for inference: nothing is computed twice.

Both branches of guidance run as one batch of two. What depends only on the weights is kept for ever, what depends on
the times once per list of times, what depends on the window once per window; ``MotionDecoder`` is the readable form.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from dh_ditto.compute_thread import on_compute_thread
from dh_ditto.motion import Array
from dh_ditto.networks.attention import Attention, FiLM
from dh_ditto.networks.denoiser import TIME_TOKENS, MotionDecoder

_KEPT_TABLES = 4

Step = Callable[..., Tensor]
"""Takes ``x`` and what a step reads of its window and its time, as tensors; gives the prediction."""


@dataclass(frozen=True, eq=False)
class TimeTable:
    """What depends on the diffusion times alone, for S of them, L layers and H heads. Films hold scales, 1 added, and
    shifts, the biases of what they act on added.

    Args:
        rows: row of each time.
        condition: [S, width], the times' part of the FiLM condition.
        keys, values: [S, L, 1, H, 2, width/H], of the time tokens in every layer's attention to the memory.
        null_films: [3L, S, 2 width], of the unconditional branch.
    """

    rows: dict[int, int]
    condition: Tensor
    keys: Tensor
    values: Tensor
    null_films: Tensor


@dataclass(frozen=True, eq=False)
class Window:
    """What depends on the window, for S times, L layers, H heads and m memory tokens. Branch 0 is conditional.

    Args:
        known: [1 or n, width], the conditioning motion's part of the input projection, and its bias.
        keys, values: [L, 2, H, m, width/H], of the memory; each step writes its time tokens at the end.
        films: [3L, S, 2, 1, 2 width].
        table: of the times.
    """

    known: Tensor
    keys: Tensor
    values: Tensor
    films: Tensor
    table: TimeTable


class GuidedDenoiser:
    """Predicts x0 = null + guidance * (conditional - null): the ``Denoiser`` that the torch backend gives.

    Args:
        module: in evaluation mode; its weights are used in place and must not change.
        guidance: weight of the condition; 1 is no guidance.
        wrap: gives what runs in place of a step, a function of tensors that have the same shapes in every step.
    """

    def __init__(
        self, module: MotionDecoder, guidance: float = 2.0, wrap: Callable[[Step], Step] | None = None
    ) -> None:
        self._module, self._guidance = module, guidance
        self._run_step: Step = self._step if wrap is None else wrap(self._step)
        self._layers = list(module.seqTransDecoder.stack)
        self._films: list[tuple[FiLM, Tensor]] = [
            pair
            for layer in self._layers
            for pair in (
                (layer.film1, layer.self_attn.out_proj.bias),
                (layer.film2, layer.multihead_attn.out_proj.bias),
                (layer.film3, layer.linear2.bias),
            )
        ]
        with torch.inference_mode():
            weight = module.input_projection.weight
            self._weight_motion = weight[:, : module.motion_feat_dim].t().contiguous()
            self._weight_known = weight[:, module.motion_feat_dim :]
            angles = module.rotary.angles(module.seq_frames + TIME_TOKENS)
            self._turns = torch.polar(torch.ones_like(angles), angles)
            self._null_memory = self._memory(module.norm_cond(module.null_cond_embed))
        self._table = functools.lru_cache(_KEPT_TABLES)(self._make_table)

    @property
    def on_device(self) -> bool:
        """Whether it works on a GPU."""
        return self._weight_motion.is_cuda

    def array(self, values: Array) -> Tensor:
        """``values`` on the module's device."""
        return torch.from_numpy(values).to(self._weight_motion.device)

    def numpy(self, values: Tensor) -> Array:
        """``values`` on the host."""
        result: Array = values.cpu().numpy()
        return result

    @on_compute_thread
    @torch.inference_mode()
    def prepare(self, cond_frame: Array, cond: Array, times: Sequence[int]) -> Window:
        """Computes what all steps of a window share.

        Args:
            cond_frame: [1, motion], or [1, n, motion + 1] for a module with ``multi_cond_frame``.
            cond: [1, n, condition]; n is the module's ``seq_frames``.
            times: that ``x_start`` will be asked for.
        """
        module, table = self._module, self._table(tuple(times))
        tokens, summary = module.encode(self.array(cond))
        padding = (0, 0, 0, TIME_TOKENS)
        keys, values = (
            functional.pad(torch.cat((own, null), 1), padding)
            for own, null in zip(self._memory(module.norm_cond(tokens)), self._null_memory, strict=True)
        )
        films = torch.stack((self._scales_and_shifts(table.condition + summary), table.null_films), 2)
        known = functional.linear(self.array(cond_frame), self._weight_known, module.input_projection.bias)
        return Window(known.flatten(0, -2), keys, values, films[:, :, :, None], table)

    @on_compute_thread
    @torch.inference_mode()
    def x_start(self, prepared: Window, x: Tensor, time: int) -> Tensor:
        """The guided prediction [1, n, motion] for ``x`` [1, n, motion] at one of the prepared times."""
        table, row = prepared.table, prepared.table.rows[time]
        of_window = prepared.known, prepared.keys, prepared.values
        return self._run_step(x, *of_window, prepared.films[:, row], table.keys[row], table.values[row])

    def _step(
        self,
        x: Tensor,
        known: Tensor,
        keys: Tensor,
        values: Tensor,
        films: Tensor,
        time_keys: Tensor,
        time_values: Tensor,
    ) -> Tensor:
        """The guided prediction; ``keys`` and ``values`` of the window get the time's at their end."""
        keys[..., -TIME_TOKENS:, :] = time_keys
        values[..., -TIME_TOKENS:, :] = time_values
        scales_and_shifts = films.chunk(2, -1)
        # One row of the batch serves both branches until the first FiLM, which tells them apart.
        hidden = torch.addmm(known, x[0], self._weight_motion)[None]
        for i, layer in enumerate(self._layers):
            (scale1, scale2, scale3), (shift1, shift2, shift3) = (part[3 * i : 3 * i + 3] for part in scales_and_shifts)
            hidden = hidden + torch.addcmul(shift1, self._self_attention(layer.self_attn, layer.norm1(hidden)), scale1)
            query = _project(layer.multihead_attn, self._turn(layer.norm2(hidden)), 0, 1)
            mixed = _attend(layer.multihead_attn, query, keys[i], values[i])
            hidden = hidden + torch.addcmul(shift2, mixed, scale2)
            wide = functional.gelu(layer.linear1(layer.norm3(hidden)))
            hidden = hidden + torch.addcmul(shift3, functional.linear(wide, layer.linear2.weight), scale3)
        own, null = hidden
        return self._module.final_layer(torch.lerp(null, own, self._guidance))[None]

    def _self_attention(self, attention: Attention, x: Tensor) -> Tensor:
        query, key = _project(attention, self._turn(x), 0, 2).chunk(2, -1)
        value = _project(attention, x, 2, 3)
        return _attend(attention, query, attention.split(key), attention.split(value))

    def _turn(self, x: Tensor, start: int = 0) -> Tensor:
        """The rotary embedding of [..., n, width] at positions from ``start``: pairs as complex numbers."""
        pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)))
        return torch.view_as_real(pairs * self._turns[start : start + x.shape[-2]]).flatten(-2)

    def _memory(self, tokens: Tensor, start: int = 0) -> tuple[Tensor, Tensor]:
        """Keys and values [L, batch, H, n, width/H] of normalised memory tokens [batch, n, width]."""
        turned = self._turn(tokens, start)
        attentions: list[Attention] = [layer.multihead_attn for layer in self._layers]
        keys = torch.stack([attention.split(_project(attention, turned, 1, 2)) for attention in attentions])
        values = torch.stack([attention.split(_project(attention, tokens, 2, 3)) for attention in attentions])
        return keys, values

    def _scales_and_shifts(self, condition: Tensor) -> Tensor:
        """Films [3L, S, 2 width] of conditions [S, width]."""
        activated = functional.mish(condition)
        films = torch.stack([film.block[1](activated) for film, _ in self._films])
        scales, shifts = films.chunk(2, -1)
        scales += 1
        shifts += scales * torch.stack([bias for _, bias in self._films])[:, None]
        return films

    @torch.inference_mode()
    def _make_table(self, times: tuple[int, ...]) -> TimeTable:
        module = self._module
        embedded = module.time_mlp(torch.tensor(times, device=self._weight_motion.device))
        condition = module.to_time_cond(embedded)
        keys, values = self._memory(module.norm_cond(module.to_time_tokens(embedded)), module.seq_frames)
        return TimeTable(
            rows={time: row for row, time in enumerate(times)},
            condition=condition,
            keys=keys.transpose(0, 1)[:, :, None],
            values=values.transpose(0, 1)[:, :, None],
            null_films=self._scales_and_shifts(condition + module.null_cond_hidden),
        )


def _project(attention: Attention, x: Tensor, first: int, last: int) -> Tensor:
    """Projections ``first`` to ``last`` of (query, key, value), in one product."""
    width = x.shape[-1]
    rows = slice(first * width, last * width)
    return functional.linear(x, attention.in_proj_weight[rows], attention.in_proj_bias[rows])


def _attend(attention: Attention, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attends without the output's bias: query [batch, n, width], key and value [batch, H, m, width/H]."""
    mixed = functional.scaled_dot_product_attention(attention.split(query), key, value)
    return functional.linear(mixed.transpose(1, 2).flatten(-2), attention.out_proj.weight)
