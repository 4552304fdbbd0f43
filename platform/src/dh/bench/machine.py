"""What figures are measured on, and the memory they took."""

from __future__ import annotations

import os
import platform
import resource
import sys
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """Processor, cores and Python; the GPU too where PyTorch has been used on one."""
    described: dict[str, Any] = {
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    cuda = _cuda_in_use()
    return described if cuda is None else {**described, "gpu": cuda.get_device_name()}


def peak_memory() -> dict[str, float]:
    """MiB: "peak_memory_mib", and "peak_gpu_memory_mib" where PyTorch has been used on a GPU."""
    peaks = {"peak_memory_mib": round(peak_memory_mib(), 1)}
    cuda = _cuda_in_use()
    return peaks if cuda is None else {**peaks, "peak_gpu_memory_mib": round(cuda.max_memory_allocated() / 2**20, 1)}


def peak_memory_mib() -> float:
    """Largest resident size of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


def processor() -> str:
    """The processor's own name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _cuda_in_use() -> Any:
    """``torch.cuda`` where a component has started it; the host itself never imports torch."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_initialized() else None
