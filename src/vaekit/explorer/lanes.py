"""Threads that work for the page's server, each on one thing after the other."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar, final

from starlette.requests import Request

Result = TypeVar("Result")
Job = Callable[[], object]


@final
class Lane:
    """One thread. PyTorch keeps threads of its own for each that calls it: one stays warm.

    It ends with the program rather than holding it up, whatever it works on.
    """

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        threading.Thread(target=self._work, name=name, daemon=True).start()

    async def run(self, use: Callable[..., Result], *of: Any) -> Result:
        """What a function gives; one that nobody waits for any more is not begun."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()

        def job() -> None:
            if future.cancelled():
                return
            try:
                result = use(*of)
            except BaseException as error:
                _tell(loop, future, partial(future.set_exception, error))
            else:
                _tell(loop, future, partial(future.set_result, result))

        self._jobs.put(job)
        return await future

    async def overtaken(
        self, request: Request, use: Callable[..., Result], *of: Any
    ) -> Result | None:
        """The same; None where whoever asked left before it was begun."""
        turn = asyncio.ensure_future(self.run(use, *of))
        left = asyncio.ensure_future(_left(request))
        try:
            await asyncio.wait({turn, left}, return_when=asyncio.FIRST_COMPLETED)
            return turn.result() if turn.done() else None
        finally:
            turn.cancel()
            left.cancel()

    def stop(self) -> None:
        """Begin nothing more than what waits already."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


@final
class Lanes:
    """What moves under the pointer, what is read, and what takes long, beside each other."""

    def __init__(self) -> None:
        self.moving, self.reading, self.fitting = Lane("moving"), Lane("reading"), Lane("fitting")

    def stop(self) -> None:
        """Begin nothing more."""
        for each in (self.moving, self.reading, self.fitting):
            each.stop()


def _tell(loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Any]", told: Job) -> None:
    """Have a future set where its loop runs, if anybody is there to hear it."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(lambda: None if future.done() else told())


async def _left(request: Request) -> None:
    """Return once whoever asked has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
