"""From videos of talking people to training data: what ``dh prepare ditto`` does, a module for each step."""

from dh_ditto.preparation.pipeline import prepare

__all__ = ["prepare"]
