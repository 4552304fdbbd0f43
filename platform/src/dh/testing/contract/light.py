"""The clause on what importing a plugin brings with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from dh.declarations import ComponentSpec
from dh.testing.contract.case import Case
from dh.testing.contract.clause import require

HEAVY = (
    "numpy", "pydantic", "torch", "cv2", "av", "PIL", "scipy", "skimage", "matplotlib", "pandas", "numba", "librosa",
    "soundfile", "mediapipe", "onnx", "onnxruntime", "tensorflow", "jax", "transformers", "torchmetrics",
    "huggingface_hub", "yaml",
)  # fmt: skip
"""Packages that take long to import; the host lists methods without them."""

_CODE = "import importlib, json, sys; importlib.import_module(sys.argv[1]); print(json.dumps(sorted(sys.modules)))"


def light_import(case: Case) -> None:
    """Importing the plugin, as every 'dh' command does, imports no heavy package and not what it declares."""
    module = case.bench.record.entry_point.partition(":")[0]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", _CODE, module], capture_output=True, text=True, env=environment, check=False
    )
    problem = (done.stderr.strip().splitlines() or [""])[-1]
    require(done.returncode == 0, f"a fresh process cannot import {module}: {problem}")
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    heavy = [name for name in HEAVY if name in loaded]
    require(not heavy, f"importing {module} imports {', '.join(heavy)}")
    components = [spec for spec in case.bench.record.declared if isinstance(spec, ComponentSpec)]
    declared = {path.partition(":")[0] for spec in components for path in (spec.implementation, spec.options) if path}
    early = sorted(name for name in declared & loaded if name != module)
    require(
        not early, f"importing {module} imports {', '.join(early)}, which a run needs and a list of methods does not"
    )
