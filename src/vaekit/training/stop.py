"""Being asked to stop."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self, final


@final
class StopRequest:
    """Turns Ctrl-C and SIGTERM into a request that the loop reads between two steps.

    Ctrl-C that the process was started to ignore, as shells do in the background, stays ignored.

    The first signal also puts the usual handlers back: a second one acts at once.
    Signals reach Python's main thread alone; elsewhere this does nothing.
    """

    def __init__(self) -> None:
        self.requested = False
        self._usual: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is signal.SIG_IGN:
                    continue
                self._usual[number] = signal.signal(number, self._request)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._restore()

    def _request(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        self._restore()

    def _restore(self) -> None:
        while self._usual:
            number, handler = self._usual.popitem()
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
