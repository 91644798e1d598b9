"""The explorer: a page in the browser to walk through a trained model.

run ─▶ Explored ─▶ routes ─▶ Guard ─▶ uvicorn ─▶ page/ in the browser
              └──▶ saved: the same page as one file, with a decoder that runs in it
"""

from contextlib import closing
from pathlib import Path

from vaekit.explorer.answers import Explored
from vaekit.explorer.server import HOST, PORT, Say, check_installed, place, serve, served
from vaekit.runs import Run
from vaekit.workflow.use import opened

__all__ = ["HOST", "PORT", "Explored", "explore", "explored", "place", "serve", "served"]


def explore(
    run: Run | str | Path,
    *,
    host: str = HOST,
    port: int = PORT,
    browser: bool = True,
    progress: bool = True,
    say: Say = print,
) -> None:
    """Serve a page on which to walk through a run's model, until Ctrl-C.

    host: the address that is listened on: this machine alone by default. port: the next free one
    is taken where it is not; 0 for any. browser: whether to open one. say: what to do with the
    page's address, which holds the token without which nobody is answered.

    Raises BadInput where the run has no weights, as `Run.dataset` does, and where the extra
    `explorer` is not installed; KeyboardInterrupt in the end.
    """
    check_installed()
    with closing(place(host, port, say)) as where:
        serve(explored(run, progress=progress), where, browser=browser, say=say)


def explored(run: Run | str | Path, *, progress: bool = False) -> Explored:
    """A run with all that the page needs: codes and scores are computed once and kept."""
    chosen = opened(run)
    found = Explored(chosen, chosen.dataset(progress=progress), progress=progress)
    assert found.scene  # what is wrong with the model is said now, not on the page
    return found
