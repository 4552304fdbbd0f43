"""Adan (Xie et al. 2022, arXiv:2208.06677), as the published training uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class Adan(torch.optim.Optimizer):
    """Adaptive Nesterov momentum with decoupled weight decay.

    With gradient g and its change d: m, v and n are running means of g, d and (g + (1-b2) d)^2; a weight becomes
    (w - lr / (sqrt(n) + eps) * (m + (1-b2) v)) / (1 + decay lr), with m, v and n corrected for their start. The means
    start with the second step, so that the first one only decays.

    Args:
        params: tensors, or groups of them.
        lr: learning rate.
        betas: how much of each new value enters the three means.
        eps: keeps the division finite.
        weight_decay: of the weights, per unit of learning rate.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float = 1e-4,
        betas: tuple[float, float, float] = (0.02, 0.08, 0.01),
        eps: float = 1e-8,
        weight_decay: float = 0.02,
    ) -> None:
        if lr < 0 or eps < 0 or weight_decay < 0 or not all(0 <= beta <= 1 for beta in betas):
            raise ValueError(f"lr {lr}, betas {betas}, eps {eps} or weight_decay {weight_decay} is out of range")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """One update; see ``torch.optim.Optimizer.step``."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            by_step: dict[int, list[Tensor]] = {}
            for weight in group["params"]:
                if weight.grad is not None:
                    by_step.setdefault(self._next_step(weight), []).append(weight)
            for step, weights in by_step.items():
                self._update(group, step, weights)
        return loss

    def _next_step(self, weight: Tensor) -> int:
        state = self.state[weight]
        if not state:
            state["step"] = 0
            for name in ("m", "v", "n"):
                state[name] = torch.zeros_like(weight)
        state["step"] += 1
        step: int = state["step"]
        return step

    def _update(self, group: dict[str, Any], step: int, weights: list[Tensor]) -> None:
        """Updates weights that have all made the same number of steps, with one kernel for all of them."""
        b1, b2, b3 = group["betas"]
        lr, eps, decay = group["lr"], group["eps"], group["weight_decay"]
        gradients = [weight.grad for weight in weights]
        means = [[self.state[weight][name] for weight in weights] for name in ("m", "v", "n")]
        if step > 1:
            change = torch._foreach_sub(gradients, [self.state[weight]["gradient"] for weight in weights])
            looked_ahead = torch._foreach_add(gradients, change, alpha=1 - b2)
            torch._foreach_mul_(looked_ahead, looked_ahead)
            for mean, new, beta in zip(means, (gradients, change, looked_ahead), (b1, b2, b3), strict=True):
                torch._foreach_mul_(mean, 1 - beta)
                torch._foreach_add_(mean, new, alpha=beta)
        m, v, n = means
        c1, c2, c3 = (1 / (1 - (1 - beta) ** step) for beta in (b1, b2, b3))
        divisor = torch._foreach_mul(n, c3)
        torch._foreach_sqrt_(divisor)
        torch._foreach_add_(divisor, eps)
        update = torch._foreach_mul(m, c1)
        torch._foreach_add_(update, v, alpha=(1 - b2) * c2)
        torch._foreach_div_(update, divisor)
        torch._foreach_add_(weights, update, alpha=-lr)
        torch._foreach_mul_(weights, 1 / (1 + decay * lr))
        for weight, gradient in zip(weights, gradients, strict=True):
            self.state[weight]["gradient"] = gradient.clone()
