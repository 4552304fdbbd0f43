"""Metrics by trained networks: tier 1 has weights that permit use, tier 2 weights for research.

- ``checkpoints``: which files of which repositories; ``weights`` reads them, without running anything that they hold.
- ``networks``: the networks, with the layers and key names of the published files.
- ``lpips``, ``fid``, ``fvd``, ``identity`` (CSIM), ``sync`` (Sync-C, Sync-D), ``expression`` (E-FID): the metrics.
- ``frechet``, ``alignment``, ``mfcc``, ``mouth_crop``, ``offsets``, ``batches``: what they share.

PyTorch and ONNX Runtime are imported when something is measured.
"""
