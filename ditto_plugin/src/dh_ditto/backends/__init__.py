"""Backends: what runs the networks. PyTorch, ONNX Runtime and TensorRT behind one protocol."""

from dh_ditto.backends.base import Backend, open_backend

__all__ = ["Backend", "open_backend"]
