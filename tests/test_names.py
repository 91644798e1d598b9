"""Every name that `import vaekit` promises is there."""

import ast
from pathlib import Path

import pytest

import vaekit


def promised() -> list[str]:
    """The names that type checkers are told of."""
    tree = ast.parse(Path(vaekit.__file__).read_text())
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    return [
        alias.asname or alias.name
        for block in blocks
        for line in block.body
        if isinstance(line, ast.ImportFrom)
        for alias in line.names
    ]


def test_what_is_promised_is_listed() -> None:
    assert sorted({*promised(), "__version__"}) == sorted(vaekit.__all__)


@pytest.mark.parametrize("name", vaekit.__all__)
def test_what_is_listed_is_there(name: str) -> None:
    assert getattr(vaekit, name) is not None
