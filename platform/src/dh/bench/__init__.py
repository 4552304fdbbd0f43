"""Speed of a method on this machine: whole runs, the first frame online, and the method's own parts.

- ``runs`` measures driver, renderer and everything; ``online`` how late frames come while speech arrives; ``parts``
  what the method itself declares, such as its networks.
- ``request`` says what to measure, ``inputs`` makes source and speech, ``session`` keeps components between repeats.
- ``tuning`` measures the configurations that a method declares and keeps the best one for later runs.
- ``figures`` is what the results consist of; ``compare`` and ``plot`` show results.
"""

from dh.bench.compare import Comparison, compare, read_figures
from dh.bench.parts import measure_parts, parts_bench
from dh.bench.request import BenchRequest
from dh.bench.runs import measure
from dh.bench.tuning import tune

__all__ = ["BenchRequest", "Comparison", "compare", "measure", "measure_parts", "parts_bench", "read_figures", "tune"]
