"""`vaekit explore`."""

import sys
from pathlib import Path

from vaekit.cli import output
from vaekit.cli.flags import command
from vaekit.runs import ROOT, open_run

_HOST, _PORT = "127.0.0.1", 8765
_ENDINGS = (".html",)


@command
def explore(
    run: str,
    /,
    *,
    host: str = _HOST,
    port: int = _PORT,
    browser: bool = True,
    save: Path | None = None,
    force: bool = False,
    root: str = ROOT,
) -> None:
    """Open a page to walk through a run's model: its map, sliders, your own pictures.

    It is served by this machine, and stays until Ctrl-C. The address that is printed holds a
    token, without which nobody is answered.

    Args:
        run: Name or folder of the run.
        host: Address to listen on; by default this machine alone can open the page.
        port: Port to listen on; where it is taken the next free one.
        browser: Open a browser.
        save: Write a page to this .html file instead, which works without Python and network.
        force: Replace a file that is there.
        root: Folder of runs.
    """
    opened = open_run(run, root)
    if save is not None:
        path = output.target(save, save, _ENDINGS, force, flag="--save")
        from vaekit.explorer.saved import save_page

        save_page(opened, path, progress=True)
        print(path)
        return
    from vaekit import explorer

    explorer.explore(opened, host=host, port=port, browser=browser, say=_say)


def _say(text: str) -> None:
    print(text, file=sys.stdout if text.startswith("http") else sys.stderr, flush=True)
