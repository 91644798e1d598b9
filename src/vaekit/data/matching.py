"""Which row of a table belongs to which file."""

import warnings
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from vaekit.data.files import bare
from vaekit.errors import BadInput


class UnmatchedNames(UserWarning):
    """Some images have no row in a table of attributes, or some rows no image."""


def match(
    names: Sequence[str],
    files: Sequence[str],
    where: str,
    *,
    spare: bool = False,
    what: str = "image",
) -> npt.NDArray[np.int64]:
    """The row of a table for every file, or -1 where it has none; shape (len(files),).

    Names are compared as paths, then without extension, then without folders, then without
    both; what matches most files holds.

    names: of the table's rows. files: paths within a folder or archive.
    where: the table, for messages. spare: whether rows without a file go unmentioned.
    what: what one of the files is called.
    Raises BadInput where nothing matches, or where a name could be several files or rows.
    Warns with `UnmatchedNames` of rows and files that have no partner.
    """
    form = _form(names, files, where, what)
    wanted, had = [form(name) for name in names], [form(file) for file in files]
    row_of = dict(zip(reversed(wanted), reversed(range(len(wanted))), strict=True))
    _check_single(row_of, wanted, names, had, where, "rows")
    _check_single(row_of, had, files, had, where, f"{what}s")
    rows = np.array([row_of.get(key, -1) for key in had], np.int64)
    _report(names, files, rows, where, spare, what)
    return rows


def _form(
    names: Sequence[str], files: Sequence[str], where: str, what: str
) -> Callable[[str], str]:
    """How to write names so that most of them are files."""
    most, best = 0, None
    for form in (_path, _stem, _base, lambda name: _stem(_base(name))):
        shared = len(set(map(form, names)) & set(map(form, files)))
        if shared > most:
            most, best = shared, form
        if shared in (len(names), len(files)):
            break
    if best is None:
        raise BadInput(
            f"no name in '{where}', such as '{names[0]}', is that of one of the {what}s, such as "
            f"'{files[0]}'; give a table for these {what}s"
        )
    return best


def _path(name: str) -> str:
    return name.removeprefix("./")


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _stem(name: str) -> str:
    return bare(_path(name))


def _check_single(
    row_of: dict[str, int],
    keys: Sequence[str],
    whole: Sequence[str],
    files: Sequence[str],
    where: str,
    what: str,
) -> None:
    """Raise BadInput where two of `keys` are one and matter to the files."""
    if len(set(keys)) == len(keys):
        return
    wanted = row_of.keys() & set(files)
    twice = min((key for key, n in Counter(keys).items() if n > 1 and key in wanted), default=None)
    if twice is not None:
        first, second, *_ = (name for name, key in zip(whole, keys, strict=True) if key == twice)
        raise BadInput(
            f"'{where}' is ambiguous: '{twice}' could be the {what} '{first}' or '{second}'; "
            "write whole paths in the table"
        )


def _report(
    names: Sequence[str],
    files: Sequence[str],
    rows: npt.NDArray[np.int64],
    where: str,
    spare: bool,
    what: str,
) -> None:
    parts = []
    alone = np.flatnonzero(rows < 0)
    if len(alone):
        parts.append(
            f"left out {len(alone):,} of {len(files):,} {what}s that have no row in '{where}', "
            f"first '{files[alone[0]]}'"
        )
    used = np.zeros(len(names), np.bool_)
    used[rows[rows >= 0]] = True
    unused = np.flatnonzero(~used)
    if len(unused) and not spare:
        parts.append(
            f"{len(unused):,} of {len(names):,} rows in '{where}' have no {what}, "
            f"first '{names[unused[0]]}'"
        )
    if parts:
        warnings.warn("; ".join(parts), UnmatchedNames, stacklevel=3)
