"""`vaekit denoise` and `--corruption`, on real files and a trained run."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_calls import Answer, Call, contents
from PIL import Image

import vaekit as vk
from vaekit.cli import main
from vaekit.runs import Run, open_run

QUICK = ("--epochs", "1", "--batch-size", "200", "--hidden", "16", "--no-progress")


@pytest.fixture(scope="module")
def noisy_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Trained long enough to take noise off; tests leave it as it is."""
    root = tmp_path_factory.mktemp("noisy") / "runs"
    flags = ("--epochs", "30", "--learning-rate", "0.003", "--hidden", "64", "--latent", "16")
    noise = ("--corruption", "gaussian", "--scale", "0.3", "--name", "n", "--root", str(root))
    assert main(["train", "vae", "digits", *flags, *noise, "--no-progress"]) == 0
    return open_run("n", root)


@pytest.fixture
def folder(tmp_path: Path, noisy_run: Run) -> Path:
    """Noisy digits as files."""
    home = tmp_path / "noisy"
    home.mkdir()
    random = np.random.default_rng(0)
    for number, x in enumerate(noisy_run.dataset().test.x[:3, 0]):
        levels = np.clip(x + random.normal(0, 70, x.shape), 0, 255).astype(np.uint8)
        Image.fromarray(levels).save(home / f"{number}.png")
    return home


def refused(answer: Answer, *words: str) -> None:
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert all(word in answer.err for word in words), answer.err


def test_the_corruption_is_kept_in_the_run(noisy_run: Run) -> None:
    assert noisy_run.config["spec"]["corruption"] == "gaussian"
    assert noisy_run.config["spec"]["corruption_options"] == {"scale": 0.3}
    assert noisy_run.model().corruption.scale == 0.3


def test_a_run_from_before_there_were_corruptions_opens(noisy_run: Run, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    spec = {k: v for k, v in noisy_run.config["spec"].items() if "corruption" not in k}
    (old / "run.json").write_text(json.dumps(noisy_run.config | {"spec": spec}))
    weights = noisy_run.path / "model.safetensors"
    (old / weights.name).write_bytes(weights.read_bytes())
    assert open_run(old).model().corruption is None


def test_pictures_and_folders_are_written_under_their_names(
    call: Call, noisy_run: Run, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    answer = call("denoise", noisy_run.path, folder, "--out", out)
    assert answer.code == 0
    assert answer.out.split() == [str(out / f"{number}.png") for number in range(3)]
    pairs = vk.denoise(noisy_run, [folder])
    for number, (seen, clean) in enumerate(zip(*pairs, strict=True)):
        given = np.asarray(Image.open(folder / f"{number}.png"), np.float32) / 255
        assert np.array_equal(seen[0], given)
        written = np.asarray(Image.open(out / f"{number}.png"), np.float32) / 255
        assert written.shape == (8, 8)
        assert np.abs(written - clean[0].clip(0, 1)).max() <= 0.5 / 255 + 1e-6
    before = contents(out)
    refused(call("denoise", noisy_run.path, folder, "--out", out), "0.png", "--force")
    assert contents(out) == before
    array = tmp_path / "x.npy"
    assert call("denoise", noisy_run.path, folder, "--draws", 9, "--out", array).code == 0
    assert np.array_equal(np.load(array), vk.denoise(noisy_run, [folder], draws=9).reconstructions)


def test_it_takes_off_the_noise_it_was_trained_on(call: Call, noisy_run: Run) -> None:
    flags = ("--measure", "--noise", "gaussian:0.3", "blur:1", "--limit", 100)
    text = call("denoise", noisy_run.path, *flags)
    assert text.code == 0
    assert "gaussian (scale 0.3)" in text.out
    found = json.loads(call("denoise", noisy_run.path, *flags, "--json").out)
    none, own, _ = found["measured"]
    assert none["psnr"]["before"] is None
    assert own["noise"] == "gaussian:0.3"
    assert own["psnr"]["gain"]["low"] > 0
    assert own["ssim"] is None  # 8 x 8 is less than its window


def test_pictures_that_would_be_changed_first_are_refused(
    call: Call, noisy_run: Run, tmp_path: Path
) -> None:
    for name, size, mode, value in (
        ("large.png", (10, 9), "L", 3),
        ("clear.png", (8, 8), "LA", (3, 100)),
        ("solid.png", (8, 8), "LA", (3, 255)),
    ):
        Image.new(mode, size, value).save(tmp_path / name)

    def denoise(name: str, *flags: object) -> Answer:
        return call("denoise", noisy_run.path, tmp_path / name, "--out", tmp_path / "o", *flags)

    refused(denoise("large.png"), "large.png", "10 x 9", "8 x 8", "--resize")
    refused(denoise("clear.png"), "clear.png", "alpha", "--resize")
    refused(denoise("large.png", "--crop", "centre"), "--crop", "--resize")
    refused(denoise("none.png"), "none.png")
    assert not (tmp_path / "o").exists()
    assert denoise("solid.png").code == 0
    assert denoise("large.png", "--resize", "--crop", "centre").code == 0
    assert denoise("clear.png", "--resize").code == 0
    (tmp_path / "broken.png").write_bytes(b"\x89PNG")
    refused(denoise("broken.png"), "broken.png", "no picture")


def test_what_makes_no_sense_is_refused(call: Call, noisy_run: Run, folder: Path) -> None:
    run = noisy_run.path
    refused(call("denoise", run), "--measure")
    refused(call("denoise", run, folder, "--measure"), "--measure")
    refused(call("denoise", run, folder, "--noise", "blur:1"), "--noise", "--measure")
    refused(call("denoise", run, folder, "--draws", 0), "--draws")
    refused(call("denoise", run, folder, folder), "0.png", ".npy")
    refused(call("denoise", run, "--measure", "--noise", "gausian:1"), "gausian", "gaussian")
    refused(call("denoise", run, "--measure", "--noise", "masking:1"), "--share", "below 1")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--corruption", "gausian"], ["gausian", "gaussian"]),
        (["--corruption", "gaussian", "--scale", "-1"], ["--scale", "-1"]),
        (["--corruption", "masking", "--scale", "1"], ["--scale", "--corruption gaussian"]),
        (["--share", "0.1"], ["--share", "--corruption masking", "there is no corruption"]),
        (["--scale", "0.1"], ["--likelihood gaussian or --corruption gaussian", "bernoulli"]),
        (
            ["--corruption", "gaussian", "--likelihood", "gaussian", "--scale", "1"],
            ["--likelihood-scale", "--corruption-scale"],
        ),
        (["--corruption", "blocks", "--size", "9"], ["--size", "8 x 8"]),
        (["--corruption", "several", "--parts", "blur:a"], ["blur:a"]),
    ],
)
def test_training_refuses_a_corruption_that_makes_no_sense(
    call: Call, tmp_path: Path, flags: list[str], words: list[str]
) -> None:
    refused(call("train", "vae", "digits", "--root", tmp_path / "runs", *flags, *QUICK), *words)
    assert not (tmp_path / "runs").exists()


def test_blur_is_refused_for_vectors(call: Call, tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).normal(size=(40, 5)))
    flags = ("--root", tmp_path / "runs", "--corruption", "blur", *QUICK)
    refused(call("train", "vae", tmp_path / "rows.npy", *flags), "blur", "(5,)")


def test_parts_of_one_name_have_flags_of_their_own(call: Call, tmp_path: Path) -> None:
    names = ("--likelihood", "gaussian", "--corruption", "gaussian")
    flags = ("--likelihood-scale", "0.5", "--corruption-scale", "0.2", "--root", tmp_path)
    answer = call("train", "vae", "digits", *names, *flags, "--name", "both", *QUICK)
    assert answer.code == 0, answer.err
    spec = open_run("both", tmp_path).spec
    assert spec.likelihood_options == {"scale": 0.5}
    assert spec.corruption_options == {"scale": 0.2}
    text = call("train", "vae", "digits", *names, "--help").out
    assert "--likelihood-scale" in text
    assert "--corruption-scale" in text
    assert "--scale " not in text
    alone = call("train", "vae", "digits", "--corruption", "gaussian", "--help").out
    assert "--scale NUMBER" in alone


def test_help_of_the_command_names_what_it_takes(call: Call) -> None:
    text = call("denoise", "--help").out
    assert "--draws" in text
    assert "--measure" in text
    assert "salt-and-pepper" in call("recipes").out
