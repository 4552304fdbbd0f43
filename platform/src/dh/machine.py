"""The machine: what figures are measured on, the memory they took, and the versions of what is installed."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from dh.memory import peak_memory_mib

_DRIVER = Path("/proc/driver/nvidia/gpus")


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


def processor() -> str:
    """The processor's own name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def gpus() -> list[str]:
    """Names of NVIDIA's GPUs as the driver tells them, without PyTorch; none where it does not."""
    told = [path.read_text(encoding="utf-8") for path in sorted(_DRIVER.glob("*/information"))]
    names = [line.partition(":")[2].strip() for text in told for line in text.splitlines() if line.startswith("Model:")]
    tool = shutil.which("nvidia-smi")
    if names or tool is None:
        return names
    listed = subprocess.run(
        [tool, "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True, check=False
    )
    return listed.stdout.splitlines() if listed.returncode == 0 else []


def version_of(distribution: str) -> str:
    """The installed version of a package, "" where it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _cuda_in_use() -> Any:
    """``torch.cuda`` where a component has started it; the host itself never imports torch."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_initialized() else None
