"""The blocks of README and the guide run one after the other, as a newcomer would type them."""

import itertools
import re
import shlex
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from drawn_faces import drawn_face
from feature_files import squeezenet_file
from melodies import file_of, walk
from PIL import Image

from vaekit.cli import main

ROOT = Path(__file__).resolve().parent.parent
PAGES = {"README": ROOT / "README.md", "guide": ROOT / "docs" / "guides" / "first-model.md"}

# What is written, and what is run in its place: the same commands on small data, for an epoch.
WORDS = {
    "fashion-mnist --only label=Bag,Sneaker": "digits --only label=3,8",
    "mnist": "digits",  # which come with scikit-learn
    "--epochs 20": "",
    "--epochs 60": "",
    "--devices 2": "",  # processes have tests of their own
    "reproduce digits": "reproduce mnist --help",  # hours
    "reproduce faces": "reproduce faces --help",
    "reproduce denoise": "reproduce denoise --help",
    "reproduce likelihoods": "reproduce likelihoods --help",
    "reproduce styles": "reproduce styles --help",
    "reproduce chairs": "reproduce chairs --help",
    "explore digits  ": "explore --help  ",  # serves until it is stopped
    "--hidden-conv 512": "--hidden-conv 8",
    "reproduce speech": "reproduce speech --help",
    "reproduce music": "reproduce music --help",
    "epochs=20": "epochs=1",
    "IWAE(draws=5), data)": "IWAE(draws=5), data, vk.Training(epochs=1))",
    '{"labels": labels})': '{"labels": labels}, training=vk.Training(epochs=1))',
}
TRAINED = "--epochs 1 --no-progress"
ELSEWHERE = ("make ",)  # sets up an environment
FACES = 60


def blocks(page: Path) -> list[tuple[str, str]]:
    """The language and the text of every fenced block."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    return [(language, _substituted(text)) for language, text in found]


def commands(page: Path) -> list[str]:
    """The lines of the blocks of commands, without their comments."""
    lines = [line for language, text in blocks(page) if not language for line in text.splitlines()]
    bare = [line.partition("#")[0].strip() for line in lines]
    return [line for line in bare if line and not line.startswith(ELSEWHERE)]


def _substituted(text: str) -> str:
    for written, run in WORDS.items():
        text = text.replace(written, run)
    return text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the pictures that README speaks of, in a world with few data sets."""
    home = tmp_path_factory.mktemp("readme")
    face = drawn_face()
    (home / "photos").mkdir()
    for number in range(40):
        face.resize((70, 70 + number)).save(home / "photos" / f"{number}.png")
    face.save(home / "me.jpg")
    drawn_face(at=(190, 250), width=200).save(home / "you.jpg")
    put_speech(home / "speech")
    (home / "7_jackson_0.wav").write_bytes((home / "speech" / "7_jackson_0.wav").read_bytes())
    put_tunes(home)
    np.savez(home / "more.npz", x=np.zeros((20, 8, 8), np.uint8))
    data = home / "data"
    (data / "squeezenet").mkdir(parents=True)
    squeezenet_file(data / "squeezenet" / "random.safetensors")
    put_celeba(data / "celeba")
    put_chairs(data / "chairs").rename(home / "seat.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAEKIT_DATA", str(data))
        patch.chdir(home)
        yield home


def put_chairs(home: Path) -> Path:
    """Seats in the published layout, of a colour each, and the file of one more view."""
    for seat in range(4):
        folder = home / "rendered_chairs" / f"seat{seat}" / "renders"
        folder.mkdir(parents=True)
        for number in range(8):
            high, turn = 20 + 10 * (number % 2), 90 * (number // 2)
            picture = Image.new("RGBA", (64, 64), (255, 255, 255, 0))
            picture.paste((60 * seat, 90, 90, 255), (10 + turn // 20, high, 50, 60))
            file = folder / f"image_{number:03}_p{high:03}_t{turn:03}_r096.png"
            picture.save(file)
    picture.save(home / "view.png")
    return home / "view.png"


def put_speech(home: Path) -> None:
    """Recordings that are named as spoken digits are."""
    home.mkdir()
    random = np.random.default_rng(0)
    for digit, speaker, index in itertools.product((3, 7), ("jackson", "nicolas"), range(9)):
        wave = np.cumsum(random.normal(size=2_400)) * (digit + len(speaker)) / 5_000
        soundfile.write(home / f"{digit}_{speaker}_{index}.wav", np.clip(wave, -1, 1), 8_000)


def put_tunes(home: Path) -> None:
    """A folder of tunes, and two more."""
    (home / "folk").mkdir()
    for number in range(24):
        (home / "folk" / f"tune{number:02}.mid").write_bytes(file_of(walk(6, number)))
    for number, name in enumerate(("a", "b")):
        (home / f"{name}.mid").write_bytes(file_of(walk(4, 90 + number)))


def put_celeba(home: Path) -> None:
    """Faces and their attributes in CelebA's layout."""
    home.mkdir()
    random = np.random.default_rng(0)
    lines = [str(FACES), "Blond_Hair Eyeglasses Smiling "]
    with zipfile.ZipFile(home / "img_align_celeba.zip", "w") as members:
        for number in range(1, FACES + 1):
            left, top = random.integers(60, 118, 2)
            file = home / "face.jpg"
            drawn_face((178, 218), (int(left), int(top)), 80).save(file)
            members.write(file, f"img_align_celeba/{number:06d}.jpg")
            marks = np.where(random.random(3) < 0.5, " 1", "-1")
            lines.append(f"{number:06d}.jpg {' '.join(marks)}")
    (home / "list_attr_celeba.txt").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("page", PAGES)
def test_the_python_runs(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, object] = {}
    texts = [text for language, text in blocks(PAGES[page]) if language == "python"]
    assert texts
    for text in texts:
        exec(compile(text, page, "exec"), names)


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_run(
    page: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    lines = commands(PAGES[page])
    assert len(lines) > 8
    for line in lines:
        assert line.startswith("vaekit ")
        words = shlex.split(line)[1:]
        words += shlex.split(TRAINED) if words[0] == "train" else []
        code = main(words)
        out, err = capsys.readouterr()
        assert code == 0, f"{line}: {err}"
        assert out, line
        for path in re.findall(r"^\S+\.(?:png|parquet)$", out, re.MULTILINE):
            assert Path(path).is_file(), line
