"""Commands in this process, and one trained run."""

import pytest
from cli_calls import BUDGET, Answer, Call

from vaekit.cli import main
from vaekit.runs import Run, open_run


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in this process."""

    def run(*arguments: object) -> Answer:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Answer(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A two-dimensional VAE on digits, trained by the command; tests leave it as it is."""
    root = tmp_path_factory.mktemp("work") / "runs"
    flags = ("--latent", "2", "--hidden", "64", "32", "--name", "small", "--root", str(root))
    assert main(["train", "vae", "digits", *flags, *BUDGET]) == 0
    return open_run("small", root)
