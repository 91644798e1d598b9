"""What the parts of a model promise each other, for strict typing to check.

Every part is an `nn.Module`, and what it needs and gives is known when it is built: a part has
`context`, the size of the context it reads, 0 where it reads none.
"""

from collections.abc import Callable, Iterator
from typing import ClassVar, Protocol, runtime_checkable

import torch
from torch import Generator, Tensor, nn
from torch.nn import Parameter

from vaekit.records import Batch, Draw

Shape = tuple[int, ...]


class Part(Protocol):
    """A module, as far as the model needs it to be one."""

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """What is trained."""

    def modules(self) -> Iterator[nn.Module]:
        """Itself and all within."""

    def compile(self) -> None:
        """Make its forward pass faster."""


class Encoder(Part, Protocol):
    """From data to features; `features` is F."""

    features: int
    context: int

    def forward(
        self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """Features (B, F) of rows (B, *shape) of which the mask's are there."""

    def __call__(
        self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """`forward`, as modules are called."""


class Decoder(Part, Protocol):
    """From codes to a likelihood's parameters."""

    context: int

    def forward(self, z: Tensor, context: Tensor | None = None) -> Tensor:
        """Parameters (K, B, *outputs) for codes (K, B, D)."""

    def __call__(self, z: Tensor, context: Tensor | None = None) -> Tensor:
        """`forward`, as modules are called."""


@runtime_checkable
class Autoregressive(Protocol):
    """A decoder that gives each step of a row given those before it.

    With a target, the rows that are scored, it gives the parameters of all steps at once, each
    given the target's steps before it and no other. Without one it plays: it reads what it has
    given itself, and the likelihood's mean is what it played.
    """

    context: int

    def __call__(
        self,
        z: Tensor,
        context: Tensor | None = None,
        target: Tensor | None = None,
        generator: Generator | None = None,
    ) -> Tensor:
        """Parameters (K, B, *outputs) for codes (K, B, D) and a target (B, *shape).

        generator: of what is drawn while training, such as steps that it reads of itself.
        """

    def generate(
        self,
        z: Tensor,
        context: Tensor | None = None,
        temperature: float = 0.0,
        generator: Generator | None = None,
    ) -> Tensor:
        """Parameters (K, B, *outputs) whose mean is what it plays: at temperature 0 what is
        likeliest in every step, above that draws."""


class Transforming(Part, Protocol):
    """A change of whole batches in training; `size` numbers are told of it."""

    size: int

    def drawn(self, rows: int, generator: Generator | None = None) -> Tensor:
        """What is done to so many rows, (rows, size or more); the first numbers are told."""

    def __call__(self, x: Tensor, drawn: Tensor) -> Tensor:
        """Rows (B, *shape), changed."""


class Space(Protocol):
    """Where codes lie; two are equal where they are the same.

    As a text it says where that is, and `prior` names a prior whose codes lie there.
    """

    prior: ClassVar[str]

    def onto(self, z: Tensor) -> Tensor:
        """The codes nearest to any points (..., D), which may be none."""


class CodeDistribution(Protocol):
    """A distribution over codes: a prior's over one code or one a row."""

    @property
    def batch_shape(self) -> torch.Size:
        """() for one distribution, (B,) for one a row."""

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-densities (K, B) in nats of codes (K, B, D)."""

    def sample(
        self,
        sample_shape: tuple[int, ...] = (),
        generator: Generator | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """Draws without a gradient, (*sample_shape, *batch_shape, D)."""


class PosteriorDistribution(Protocol):
    """q(z|x) of a batch."""

    @property
    def mode(self) -> Tensor:
        """The code (B, D) that stands for each row."""

    def rsample(
        self, sample_shape: tuple[int, ...] = (), generator: Generator | None = None
    ) -> Tensor:
        """Draws that carry gradients, (K, B, D)."""

    def draw(self, draws: int, generator: Generator | None = None) -> tuple[Tensor, Tensor]:
        """Draws z (K, B, D) and their log-densities (K, B) in nats."""


@runtime_checkable
class Still(Protocol):
    """A q(z|x) that scores codes whatever their origin, and with its parameters as constants."""

    def still(self) -> "Still":
        """The same, through whose parameters no gradient passes."""

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-densities (K, B) in nats of codes (K, B, D)."""


class Posterior(Part, Protocol):
    """From features to q(z|x) over codes of `size` D; `gives` is the class of that distribution."""

    size: int

    @property
    def gives(self) -> type:
        """The class of the distribution."""

    def forward(self, features: Tensor) -> PosteriorDistribution:
        """The posterior of each row of features (B, F)."""

    def __call__(self, features: Tensor) -> PosteriorDistribution:
        """`forward`, as modules are called."""


Infer = Callable[[Batch], PosteriorDistribution]
"""From a batch, of pseudo-inputs say, to its posterior."""

Read = Callable[[Batch], Tensor]
"""From a batch to its features (B, F): the encoder."""


@runtime_checkable
class OfRows(Protocol):
    """An `Infer` or a `Read` that says for whom: `rows`, numbers (B,) of the training rows whose
    codes are about to be scored; None in use."""

    rows: Tensor | None


@runtime_checkable
class FromData(Protocol):
    """A part that starts at rows of the training data, such as a prior of pseudo-inputs.

    wanted: how many, which the option of the name `option` says.
    """

    wanted: int
    option: str

    def begin(self, rows: Batch) -> None:
        """Take in so many rows, with their numbers, before training."""


@runtime_checkable
class Choosy(Protocol):
    """A prior that does not go with every posterior."""

    def check(self, gives: type) -> None:
        """Raise BadInput where it makes no sense with a posterior that gives such a class."""


class Prior(Part, Protocol):
    """p(z), or p(z|context); `gives` is the class of that distribution."""

    size: int
    context: int

    @property
    def gives(self) -> type:
        """The class of the distribution."""

    def forward(self, infer: Infer, context: Tensor | None = None) -> CodeDistribution:
        """The prior over codes (D,), or over a code for each row of the context."""

    def __call__(self, infer: Infer, context: Tensor | None = None) -> CodeDistribution:
        """`forward`, as modules are called."""


class LatentPart(Part, Protocol):
    """The code between encoder and decoder, of whatever kind: a leaf or a hierarchy.

    size: D, numbers of a code: what the decoder reads, what `encode` returns and what a file of
        codes holds for each row. A hierarchy lays its levels side by side.
    provides: the fields of `Draw` it fills, and "prior" where codes can be drawn without data.
    space: where codes lie; what is decoded is moved there, so that any walk is one of codes.
    """

    size: int
    context: int
    provides: frozenset[str]

    @property
    def space(self) -> Space:
        """The space of its codes."""

    def forward(
        self,
        features: Tensor,
        read: Read,
        context: Tensor | None = None,
        draws: int = 1,
        generator: Generator | None = None,
        scored: bool = True,
    ) -> Draw:
        """Codes of features (B, F); log q and log p only where `scored` or needed for the rate."""

    def __call__(
        self,
        features: Tensor,
        read: Read,
        context: Tensor | None = None,
        draws: int = 1,
        generator: Generator | None = None,
        scored: bool = True,
    ) -> Draw:
        """`forward`, as modules are called."""

    def encode(self, features: Tensor) -> Tensor:
        """The code (B, D) that stands for each row of features (B, F)."""

    def sample(
        self,
        n: int,
        read: Read,
        context: Tensor | None = None,
        generator: Generator | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """n codes (n, D) from the prior, one for each row of a context (n, E)."""

    def log_prior(self, z: Tensor, read: Read, context: Tensor | None = None) -> Tensor:
        """log p(z) of codes (K, B, D) in nats, (K, B)."""

    def generating(self) -> tuple[Part, ...]:
        """The parts that only the way from codes to data has, such as the prior."""


@runtime_checkable
class Stateful(Protocol):
    """A latent that makes of a code what the decoder reads, such as one level of a hierarchy, or
    what its path from the top has become; with others the decoder reads the code itself.

    reads: how many numbers that is a row.
    """

    reads: int

    def state(self, z: Tensor) -> Tensor:
        """What the decoder reads, (K, B, reads), of codes (K, B, D)."""


Joint = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From codes (K, B, D) of a batch to log p(x|z) and log p(z) in nats, (K, B) each."""


class Refining(Part, Protocol):
    """What moves codes after they are drawn, by what the model says of them; `size` is D."""

    size: int

    def __call__(self, draw: Draw, joint: Joint, generator: Generator | None = None) -> Draw:
        """Other codes with log q, log p and the rate, whose weights p(x, z) / q stay unbiased."""


class Net(Protocol):
    """Options of a network that can build both of its halves.

    One that cannot read a context raises BadInput when asked for a half that should.
    """

    def encoder(self, shape: Shape, context: int = 0) -> Encoder:
        """The body from data (B, *shape) to features (B, F)."""

    def decoder(self, latent: int, outputs: Shape, context: int = 0) -> Decoder:
        """The body from codes (K, B, D) to parameters (K, B, *outputs)."""
