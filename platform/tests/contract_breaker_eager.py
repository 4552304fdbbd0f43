"""A plugin whose module imports what it declares."""

from __future__ import annotations

import contract_breaker_early

__all__ = ["contract_breaker_early"]
