"""The processes that train one model together."""

import atexit
import hashlib
import os
from collections.abc import Iterable
from typing import final

import torch
import torch.distributed as dist
from torch import Tensor

from vaekit.errors import BadInput

PARENT = "VAEKIT_PARENT"
"""Names in the environment the process that started this one, which should not outlive it."""


@final
class Group:
    """Which of how many processes this is, and what they do together; alone it does nothing.

    rank: from 0, which writes and shows. world: how many there are.
    """

    def __init__(self, rank: int = 0, world: int = 1) -> None:
        self.rank, self.world = rank, world
        self._parent = os.environ.get(PARENT)

    @property
    def first(self) -> bool:
        """Whether this is the one that writes and shows."""
        return self.rank == 0

    def any(self, *wishes: bool) -> list[bool]:
        """For each wish, whether one of the processes has it; they wait for each other.

        Where the process that started these is gone, the first wish is everyone's.
        """
        if self.world == 1:
            return list(wishes)
        flags = torch.tensor([*map(float, wishes), float(self._orphaned())])
        dist.all_reduce(flags)
        *agreed, orphaned = (flags > 0).tolist()
        return [agreed[0] or orphaned, *agreed[1:]]

    def add(self, tensors: Iterable[Tensor], weight: float = 1.0) -> None:
        """Put in place of each tensor the sum of weight x it over the processes."""
        if self.world == 1:
            return
        tensors = list(tensors)
        if not tensors:
            return
        flat = torch.cat([tensor.detach().flatten() for tensor in tensors]).mul_(weight)
        dist.all_reduce(flat)
        sizes = [tensor.numel() for tensor in tensors]
        for tensor, part in zip(tensors, torch.split(flat, sizes), strict=True):
            tensor.detach().copy_(part.view_as(tensor))

    def share(self, buffers: Iterable[Tensor]) -> None:
        """Make buffers the same everywhere: the mean of numbers, the least of counts."""
        if self.world == 1:
            return
        buffers = list(buffers)
        self.add([b for b in buffers if b.is_floating_point()], 1 / self.world)
        for buffer in buffers:
            if not buffer.is_floating_point() and buffer.dtype != torch.bool:
                dist.all_reduce(buffer, dist.ReduceOp.MIN)

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """A tensor of one shape everywhere, from all processes in their order."""
        if self.world == 1:
            return [tensor]
        tensor = tensor.contiguous()
        found = [torch.empty_like(tensor) for _ in range(self.world)]
        dist.all_gather(found, tensor)
        return found

    def told(self, text: str) -> str:
        """The first process's text."""
        if self.world == 1:
            return text
        words = torch.zeros(1, dtype=torch.int64)
        body = torch.frombuffer(bytearray(text.encode() or b"\0"), dtype=torch.uint8)
        words[0] = len(body)
        dist.broadcast(words, 0)
        said = body if self.first else torch.zeros(int(words), dtype=torch.uint8)
        dist.broadcast(said, 0)
        return bytes(said.tolist()).decode().removeprefix("\0")

    def seed(self, seed: int) -> int:
        """A seed of this process's own; the same as given where it is alone."""
        if self.world == 1:
            return seed
        digest = hashlib.sha256(f"{seed}/{self.rank}".encode()).digest()
        return int.from_bytes(digest[:8]) >> 1

    def _orphaned(self) -> bool:
        return self._parent is not None and self._parent != str(os.getppid())


def joined() -> Group:
    """The group that the environment names, as torchrun sets it; otherwise this process alone.

    Raises BadInput where it cannot be joined.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Group()
    if not dist.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        try:
            dist.init_process_group(backend)
            # Its threads must end before the interpreter does, however that ends: one still
            # running would abort a process whose work is done.
            atexit.register(_leave)
        except (ValueError, RuntimeError) as error:
            raise BadInput(
                f"WORLD_SIZE is set, but its processes cannot meet ({error}): start them with "
                "torchrun, or use `devices`."
            ) from error
    return Group(dist.get_rank(), dist.get_world_size())


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()
