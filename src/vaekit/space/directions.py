"""Directions of attributes in a latent space, by three methods that share their units.

    means      m₊ − m₋, the difference of the two classes' mean codes: the article's
    balanced   the same with every other attribute held equal
    logistic   the normal of a logistic regression

Scale 1 along a direction is the way from those who lack the attribute to those who have it.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, final, get_args

import numpy as np
from numpy.typing import ArrayLike

from vaekit.errors import BadInput, nearest
from vaekit.space.plane import Array, points

Method = Literal["means", "balanced", "logistic"]
_TRIES = 1000  # iterations of a logistic regression at most


@final
@dataclass(frozen=True, slots=True, eq=False)
class Directions:
    """Directions of A attributes in a latent space of D dimensions.

    method: how they were found. names: A of them.
    vectors: shape (A, D).
    accuracy: shape (A,), balanced accuracy on held-out codes of telling who has the
        attribute by the projection onto its direction, cut half-way between the classes'
        means in the codes it was fitted to; NaN where no held-out code has it, or none lacks it.
    effects: shape (A, A), at [i, j] how far one unit of direction i moves what a linear reader
        sees of attribute j: v_i · w_j over the standard deviation of z · w_j within the two
        classes of j. The reader w_j, the normal of j's logistic regression, is the same for
        every method, so methods can be compared. A reader takes an attribute that comes
        along with its own as a hint, so even a pure direction moves it a little.
    left_out: attributes without a direction, as all training data have them or none has.
    """

    method: Method
    names: tuple[str, ...]
    vectors: Array
    accuracy: Array
    effects: Array
    left_out: tuple[str, ...] = ()

    @property
    def norms(self) -> Array:
        """Length of each vector in latent units, shape (A,)."""
        return np.asarray(np.linalg.norm(self.vectors, axis=1))

    @property
    def leakage(self) -> Array:
        """How far other attributes are moved for each step of a direction's own, (A, A).

        The effects divided by the size of those on the diagonal.
        """
        own = np.abs(np.diag(self.effects))
        return np.asarray(self.effects / own[:, None])

    @property
    def others(self) -> Array:
        """Which attributes are others than each, (A, A): not itself, nor a value of its column."""
        return _of_other_columns(self.names)

    @property
    def leak(self) -> Array:
        """Mean size of the leakage into the other attributes, shape (A,)."""
        sizes, counts = np.abs(self.leakage) * self.others, self.others.sum(axis=1)
        return np.asarray(sizes.sum(axis=1) / np.maximum(counts, 1))

    def strongest(self, name: str, count: int = 3) -> list[tuple[str, float]]:
        """The attributes that a direction leaks into most, with how far."""
        place = self.place(name)
        row = self.leakage[place]
        order = [int(other) for other in np.argsort(-np.abs(row)) if self.others[place, other]]
        return [(self.names[other], float(row[other])) for other in order[:count]]

    def vector(self, name: str) -> Array:
        """The direction of an attribute, shape (D,); raises BadInput as `place` does."""
        return np.asarray(self.vectors[self.place(name)])

    def place(self, name: str) -> int:
        """The number of an attribute.

        Of `Column=value` the value is enough where one column has it.

        Raises BadInput for an attribute that was left out, and for one that does not
        exist, suggesting the nearest.
        """
        found = lookup(name, (*self.names, *self.left_out))
        if found in self.left_out:
            raise BadInput(f"{found} has no direction: it is the same for all training data.")
        return self.names.index(found)


def lookup(name: str, names: Sequence[str]) -> str:
    """The full name of an attribute; see `Directions.place`.

    Raises BadInput for one that does not exist, suggesting the nearest.
    """
    if name in names:
        return name
    values = [each for each in names if each.partition("=")[2] == name]
    if len(values) == 1:
        return values[0]
    lower = {each.lower(): each for each in names}
    close = get_close_matches(name.lower(), lower, n=1)
    meant = values or [lower[each] for each in close]
    hint = f"did you mean {' or '.join(meant)}?" if meant else nearest(name, names)
    raise BadInput(f"There is no attribute {name!r}: {hint}")


def directions(
    codes: ArrayLike,
    attributes: ArrayLike,
    names: Sequence[str],
    method: Method = "balanced",
    *,
    held_out: tuple[ArrayLike, ArrayLike] | None = None,
) -> Directions:
    """The direction of each attribute in codes.

    codes: (N, D). attributes: (N, A) bool. held_out: codes and attributes of other data,
    for the accuracy.

    An attribute that all N have, or none, gets no direction, and a warning says so.
    Raises BadInput for shapes that do not fit, an unknown method, and where nothing is left.
    """
    if method not in get_args(Method):
        raise BadInput(f"`method` must be one of {', '.join(_METHODS)}, not {method!r}.")
    z, all_y = points(codes), _marks(attributes, len(names))
    if len(z) != len(all_y):
        raise BadInput(f"there are {len(z)} codes, but attributes of {len(all_y)}: give one each")
    varied = np.asarray(all_y.any(axis=0) & ~all_y.all(axis=0))
    kept = tuple(name for name, keep in zip(names, varied, strict=True) if keep)
    left_out = tuple(name for name, keep in zip(names, varied, strict=True) if not keep)
    _report(kept, left_out)
    y = all_y[:, varied]
    normals = _normals(z, y)
    vectors = _METHODS[method](z, y, normals, kept)
    accuracy = np.full(len(kept), np.nan)
    if held_out is not None:
        other, marks = points(held_out[0]), _marks(held_out[1], len(names))[:, varied]
        accuracy = _accuracy(vectors, _middles(z, y), other, marks)
    effects = vectors @ normals.T / _spread(z @ normals.T, y)
    return Directions(method, kept, vectors, accuracy, effects, left_out)


def _means(z: Array, y: Array) -> Array:
    """Difference of class means, (A, D)."""
    have, count = y.astype(np.float64), y.sum(axis=0)[:, None]
    total, having = z.sum(axis=0), have.T @ z
    difference: Array = having / count - (total - having) / (len(z) - count)
    return difference


def _balanced(z: Array, y: Array, names: Sequence[str]) -> Array:
    """Each attribute's coefficient in a least-squares fit of the codes to it and others, (A, D).

    By the theorem of Frisch, Waugh and Lovell it is a weighted difference of means, with weights
    that leave every other attribute and the constant equal on both sides. The other values of
    an attribute's own column are what those who lack it have instead: they are not held equal.
    """
    have, codes = y - y.mean(axis=0), z - z.mean(axis=0)
    products, targets, others = have.T @ have, have.T @ codes, _of_other_columns(names)
    vectors = []
    for place in range(len(names)):
        rows = np.flatnonzero(others[place] | (np.arange(len(names)) == place))
        fit = np.linalg.lstsq(products[np.ix_(rows, rows)], targets[rows], rcond=None)[0]
        vectors.append(fit[np.searchsorted(rows, place)])
    return np.stack(vectors)


def _of_other_columns(names: Sequence[str]) -> Array:
    """Which pairs of attributes (A, A) are of different columns; `Column=value` is of Column."""
    columns = np.array([name.partition("=")[0] for name in names])
    return np.asarray(columns[:, None] != columns)


def _logistic(z: Array, y: Array, normals: Array) -> Array:
    """Normals as long as the classes' means are apart along them, (A, D)."""
    gaps = np.einsum("ad,ad->a", normals, _means(z, y))
    lengths: Array = gaps / np.square(normals).sum(axis=1)
    return normals * lengths[:, None]


_METHODS: dict[Method, Callable[[Array, Array, Array, Sequence[str]], Array]] = {
    "means": lambda z, y, normals, names: _means(z, y),
    "balanced": lambda z, y, normals, names: _balanced(z, y, names),
    "logistic": lambda z, y, normals, names: _logistic(z, y, normals),
}


def _normals(z: Array, y: Array) -> Array:
    """Normals of logistic regressions on standardised codes, both classes weighing alike.

    They are given in the codes' own coordinates, shape (A, D).
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    spread = z.std(axis=0)
    spread[spread < 1e-12 * max(1.0, spread.max())] = 1  # a coordinate that never changes
    standard = (z - z.mean(axis=0)) / spread
    with threadpool_limits(1):  # fits so small that threads wait for each other, tenfold
        fits = [
            LogisticRegression(class_weight="balanced", max_iter=_TRIES).fit(standard, each)
            for each in y.T
        ]
    return np.asarray(np.concatenate([fit.coef_ for fit in fits]) / spread)


def _spread(readings: Array, y: Array) -> Array:
    """Standard deviation (A,) of the reading (N, A) of each attribute within its classes."""
    gaps = np.diag(_means(readings, y))
    share = y.mean(axis=0)
    # The variance of all is that within the classes and that between their means.
    within = readings.var(axis=0) - share * (1 - share) * np.square(gaps)
    return np.asarray(np.sqrt(np.maximum(within, np.finfo(float).tiny)))


def _middles(z: Array, y: Array) -> Array:
    """The point half-way between the class means of each attribute, (A, D)."""
    have, count = y.astype(np.float64), y.sum(axis=0)[:, None]
    having = have.T @ z
    middles: Array = (having / count + (z.sum(axis=0) - having) / (len(z) - count)) / 2
    return middles


def _accuracy(vectors: Array, middles: Array, z: Array, y: Array) -> Array:
    """Balanced accuracy of the cut through the middle, (A,)."""
    said = z @ vectors.T > np.einsum("ad,ad->a", vectors, middles)
    with np.errstate(invalid="ignore"):  # 0 / 0 where a class is missing
        right = [(said & y).sum(0) / y.sum(0), (~said & ~y).sum(0) / (~y).sum(0)]
    return np.asarray(np.mean(right, axis=0))


def _marks(attributes: ArrayLike, count: int) -> Array:
    y = np.asarray(attributes)
    if y.dtype != np.bool_ or y.ndim != 2 or y.shape[1] != count:
        raise BadInput(
            f"attributes are {y.dtype} of shape {y.shape}: give booleans (N, {count}), "
            "a column for each name"
        )
    return y


def _report(kept: Sequence[str], left_out: Sequence[str]) -> None:
    if not kept:
        raise BadInput("No attribute is there in some training data and absent in others.")
    if left_out:
        warnings.warn(
            f"No direction for {', '.join(left_out)}: the same for all training data.",
            stacklevel=3,
        )
