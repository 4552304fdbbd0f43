"""The networks as they run on a CPU give the published numbers, within the goldens' own tolerance."""

from __future__ import annotations

import functools

import pytest
import torch

import ditto_goldens as goldens
import ditto_network_runners as runners
from dh_ditto.networks.inference import fold, for_inference
from ditto_weights import seeded

FORMS = {"cpu": for_inference, "folded": fold}
NETWORKS = ("appearance_extractor", "motion_extractor", "warp_network", "decoder")
CASES = [
    (entry["network"], golden, case)
    for golden, entry in goldens.index()["goldens"].items()
    for case in entry["cases"]
    if entry.get("network") in NETWORKS
]


@functools.lru_cache(maxsize=1)
def network(form: str, name: str) -> torch.nn.Module:
    return FORMS[form](seeded(name))


@pytest.mark.parametrize(("name", "golden", "case"), CASES)
@pytest.mark.parametrize("form", sorted(FORMS))
def test_published_numbers_from_the_networks_that_run(form: str, name: str, golden: str, case: str) -> None:
    mine = runners.outputs(name, network(form, name), goldens.build(golden, case))
    assert goldens.check(golden, case, mine) > 0
