"""Batches for the trainer: a stream that can begin at any step and gives the same batches from there on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytorch_lightning
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from dh_ditto.training.dataset import MotionDataset, Windows
from dh_ditto.training.draws import Integers


class WindowStream(IterableDataset):
    """Batches of a training, from one step to another. Every epoch is a permutation of all windows, which the seed and
    the epoch decide; what does not fill a batch is left out.

    Args:
        dataset: the windows.
        batch: windows of one device.
        seed: of the permutations.
        first: step to begin with, counted over all epochs.
        last: end of the steps.
        rank: of this process.
        world: processes; each takes its own part of a permutation.
    """

    def __init__(
        self, dataset: MotionDataset, batch: int, seed: int, first: int, last: int, rank: int = 0, world: int = 1
    ) -> None:
        super().__init__()
        self._dataset, self._batch, self._seed = dataset, batch, seed
        self._first, self._last = first, last
        self._rank, self._world = rank, world

    def __iter__(self) -> Iterator[Windows]:
        worker = get_worker_info()
        # The loader asks its workers in turn: each makes every n-th batch.
        begin, stride = (0, 1) if worker is None else (worker.id, worker.num_workers)
        per_epoch = len(self._dataset) // (self._batch * self._world)
        current, order = -1, np.empty(0, np.int64)
        for step in range(self._first + begin, self._last, stride):
            epoch, position = divmod(step, per_epoch)
            if epoch != current:
                current, order = epoch, self._order(epoch)
            start = (position * self._world + self._rank) * self._batch
            windows = self._dataset.windows(order[start : start + self._batch], epoch)
            yield Windows(*(torch.from_numpy(np.ascontiguousarray(part)) for part in windows))

    def _order(self, epoch: int) -> Integers:
        return np.random.default_rng([self._seed, epoch]).permutation(len(self._dataset))


class TrainingData(pytorch_lightning.LightningDataModule):
    """Gives the trainer a stream for its own process.

    Args:
        dataset: the windows.
        batch: windows of one device.
        seed: of their order.
        first: step to begin with.
        last: end of the steps.
        workers: processes that read.
    """

    def __init__(self, dataset: MotionDataset, batch: int, seed: int, first: int, last: int, workers: int) -> None:
        super().__init__()
        self._dataset, self._batch, self._seed = dataset, batch, seed
        self._first, self._last, self._workers = first, last, workers

    def train_dataloader(self) -> DataLoader:
        """Whole batches, in the order of the steps."""
        assert self.trainer is not None
        rank, world = self.trainer.global_rank, self.trainer.world_size
        stream = WindowStream(self._dataset, self._batch, self._seed, self._first, self._last, rank, world)
        return DataLoader(stream, batch_size=None, num_workers=self._workers, pin_memory=torch.cuda.is_available())
