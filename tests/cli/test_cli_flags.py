"""Flags come from signatures: all of them, documented, and none twice."""

import re
from collections import Counter
from itertools import product
from typing import Literal

import pytest

from vaekit.cli import COMMANDS, main
from vaekit.cli.flags import command, parse, show_help
from vaekit.cli.options import options_of, summary
from vaekit.cli.parts import _SHARED, CHOICES, recipe_options
from vaekit.cli.train import _RUN, data_options, training_options
from vaekit.data import SOURCES, load
from vaekit.data.cache import data_dirs
from vaekit.errors import BadInput
from vaekit.recipes import CORRUPTIONS, LIKELIHOODS, NETS, RECIPES
from vaekit.spec import PARTS
from vaekit.training import Training


@pytest.mark.parametrize("recipe", RECIPES)
def test_no_two_parts_of_a_training_share_a_flag(recipe: str) -> None:
    shared = [*_RUN, *CHOICES, *data_options(), *training_options(), *recipe_options(recipe)]
    of_nets = {name: options_of(part) for name, part in NETS.items()}
    of_likelihoods = {name: options_of(part) for name, part in LIKELIHOODS.items()}
    of_corruptions = {each.flag for part in CORRUPTIONS.values() for each in options_of(part)}
    for net, likelihood in product(NETS, LIKELIHOODS):
        options = [*shared, *of_nets[net], *of_likelihoods[likelihood]]
        counts = Counter(option.flag for option in options)
        assert [flag for flag, n in counts.items() if n > 1] == [], (net, likelihood)
        flags = {option.flag for option in options}
        assert flags & of_corruptions <= _SHARED  # which have longer names, too


def test_every_option_says_what_it_means() -> None:
    tables = (RECIPES, NETS, LIKELIHOODS, CORRUPTIONS)
    parts = [*(part for table in tables for part in table.values()), Training, load]
    for part in parts:
        for option in options_of(part, without=PARTS):
            assert option.help.endswith("."), f"{part} {option.name}"
        assert summary(part).endswith("."), part


@pytest.mark.parametrize("name", ["digits", "mnist"])
def test_the_shape_said_of_a_data_set_is_its_shape(name: str) -> None:
    if name != "digits" and not any((folder / name).is_dir() for folder in data_dirs()):
        pytest.skip(f"{name} is not in $VAEKIT_DATA")
    assert SOURCES[name].shape == load(name, progress=False).shape


@command
def measure(
    what: str,
    where: str = "here",
    /,
    *,
    times: int = 1,
    scale: float | None = None,
    sizes: tuple[int, ...] = (1, 2),
    names: tuple[str, ...] | None = None,
    shares: tuple[float, ...] = (),
    kind: Literal["plain", "fancy"] = "plain",
    loud: bool = False,
) -> None:
    """Measure a thing.

    Args:
        what: The thing.
        times: How often.
    """
    print([what, where, times, scale, sizes, names, shares, kind, loud])


def test_a_command_gets_what_was_given(capsys: pytest.CaptureFixture[str]) -> None:
    measure(["--times=3", "thing", "--sizes", "4", "5", "--loud", "--scale", "0.5"])
    wanted = "['thing', 'here', 3, 0.5, (4, 5), None, (), 'plain', True]\n"
    assert capsys.readouterr().out == wanted
    measure(["thing", "--names", "a", "b2", "--shares", "1", "0.5"])
    wanted = "['thing', 'here', 1, None, (1, 2), ('a', 'b2'), (1.0, 0.5), 'plain', False]\n"
    assert capsys.readouterr().out == wanted


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "vaekit measure needs WHAT: The thing."),
        (["a", "--times", "x"], "--times takes a whole number, not 'x'."),
        (["a", "--times", "1.5"], "--times takes a whole number, not '1.5'."),
        (["a", "--times"], "--times takes a whole number."),
        (["a", "--scale", "big"], "--scale takes a number, not 'big'."),
        (["a", "--sizes", "1", "b"], "--sizes takes whole numbers, not '1 b'."),
        (["a", "--shares", "1", "b"], "--shares takes numbers, not '1 b'."),
        (["a", "--kind", "odd"], "--kind takes one of plain, fancy, not 'odd'."),
        (["a", "--tmes", "2"], "There is no option --tmes here: did you mean --times?"),
        (["a", "--qqqq"], "There is no option --qqqq here: `--help` lists those there are."),
        (["a", "b", "c"], "What is 'c' for?"),
    ],
)
def test_what_cannot_be_parsed_is_said_in_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(BadInput) as caught:
        measure(arguments)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_help_lists_options_under_their_headings(capsys: pytest.CaptureFixture[str]) -> None:
    groups = {"recipe vae": recipe_options("vae"), "training": training_options()}
    with pytest.raises(SystemExit) as stopped:
        show_help("vaekit try", "What it does.", groups)
    text = capsys.readouterr().out
    assert stopped.value.code in (None, 0)
    assert text.index("recipe vae options") < text.index("--latent INT")
    assert text.index("--latent INT") < text.index("training options") < text.index("--epochs INT")


def test_only_what_was_on_the_command_line_counts_as_given() -> None:
    options = [*recipe_options("vae"), *options_of(NETS["conv"])]
    parsed = parse("try", options, ["--latent=10", "--no-batch-norm", "--free_bits", "1"])
    assert parsed.given_of(options) == {"latent": 10, "batch_norm": False, "free_bits": 1.0}


@pytest.mark.parametrize("columns", [50, 64, 72, 80])
def test_help_cuts_no_path_and_no_name_at_a_hyphen(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for name, folder in (("mnist", "reproduce-mnist"), ("faces", "reproduce-faces")):
        assert main(["reproduce", name, "--help"]) == 0
        text = capsys.readouterr().out
        assert folder in text
        assert not [line for line in text.splitlines() if line.endswith("-")]


@pytest.mark.parametrize("name", [*COMMANDS, "reproduce mnist", "train vae mnist"])
def test_help_shows_no_default_that_nobody_types(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*name.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert "None" not in text
    usage = text.splitlines()[0]
    assert usage.endswith("[OPTIONS]") or usage.startswith("usage: vaekit reproduce")
    for word in re.findall(r"^  (\[?[A-Z]\w+(?: \.\.\.)?\]?)  ", text, re.MULTILINE):
        assert word in usage  # in brackets there as here, where it can be left out


def test_tables_break_no_path_and_no_link(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vaekit.cli.output._PIPED", 80)
    assert main(["recipes"]) == 0
    assert "https://openreview.net/forum?id=Sy2fzU9gl" in capsys.readouterr().out
