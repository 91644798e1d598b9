"""One of the processes that train a run: `python -m vaekit.workflow.worker RUN PROGRESS`."""

import os
import signal
import sys
from types import FrameType

from vaekit.errors import BadInput, Interrupted
from vaekit.runs import open_run
from vaekit.workflow.processes import BAD_INPUT, INTERRUPTED
from vaekit.workflow.train import train_on


def main(path: str, progress: bool) -> int:
    """Train a run to its end and give the exit code; print what went wrong."""
    try:
        train_on(open_run(path), progress)
    except BadInput as error:
        print(error, flush=True)
        return BAD_INPUT
    except Interrupted as error:
        print(error, flush=True)
        return INTERRUPTED
    return 0


def _at_once(number: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _at_once)  # until training listens
    sys.exit(main(sys.argv[1], sys.argv[2] == "1"))
