"""Exports Ditto's networks to ONNX and TensorRT, with the names, shapes and files of the published ones."""

from dh_ditto.export.folder import export

__all__ = ["export"]
