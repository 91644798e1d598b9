"""The judge of attributes: scikit-learn's regressions, on a disk and off it."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from torch import Tensor

from vaekit.errors import BadInput
from vaekit.evaluation.attribute_judge import AttributeJudge
from vaekit.evaluation.perceptual import JUDGE_GRID, JUDGE_LAYERS, pooled
from vaekit.features import Features

NAMES = ("even", "high", "rare")


@pytest.fixture(scope="module")
def tables(digits: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Pixels of digits as features (N, 64), one never varies; three attributes of the labels."""
    images, labels = digits
    return images.flatten(1), torch.stack([labels % 2 == 0, labels > 4, labels == 7], dim=1)


@pytest.fixture(scope="module")
def judge(tables: tuple[Tensor, Tensor]) -> AttributeJudge:
    features, attributes = tables
    return AttributeJudge.fit(features[:1200], attributes[:1200], NAMES, strength=0.01)


def test_is_scikit_learns_regression_of_standardised_features(tables, judge):
    features, attributes = (table.numpy() for table in tables)
    mean, deviation = features[:1200].mean(0), features[:1200].std(0, ddof=1)
    x = (features - mean) / np.where(deviation > 0, deviation, 1)
    ours = judge.probability(tables[0][1200:]).numpy()
    for i in range(3):
        peer = LogisticRegression(C=0.01, class_weight="balanced", tol=1e-6, max_iter=1000)
        peer.fit(x[:1200], attributes[:1200, i])
        assert np.allclose(ours[:, i], peer.predict_proba(x[1200:])[:, 1], atol=2e-3)


def test_accuracies_are_those_of_their_definitions(tables, judge):
    features, attributes = tables[0][1200:], tables[1][1200:]
    seen = judge.probability(features) > 0.5
    found = judge.accuracy(features, attributes)
    assert tuple(found) == NAMES
    for i, name in enumerate(NAMES):
        truth = attributes[:, i]
        expected = balanced_accuracy_score(truth.numpy(), seen[:, i].numpy())
        assert found[name].balanced.value == pytest.approx(expected)
        assert found[name].plain == pytest.approx((seen[:, i] == truth).double().mean().item())
    assert found["rare"].majority == pytest.approx((~attributes[:, 2]).double().mean().item())
    assert min(each.balanced.value for each in found.values()) > 0.8


def test_balanced_accuracy_is_not_known_where_one_kind_is_missing(tables, judge):
    features, attributes = tables
    without = ~attributes[:, 2]
    assert judge.accuracy(features[without], attributes[without])["rare"].balanced is None


def test_comes_back_from_the_disk_as_it_was(tables, judge, tmp_path):
    path = tmp_path / "judge.safetensors"
    judge.save(path)
    back = AttributeJudge.load(path)
    assert back.names == NAMES
    assert torch.equal(back.probability(tables[0]), judge.probability(tables[0]))
    assert [each.name for each in tmp_path.iterdir()] == ["judge.safetensors"]


def test_fitting_again_gives_the_same_judge(tables, judge):
    again = AttributeJudge.fit(tables[0][:1200], tables[1][:1200], NAMES, strength=0.01)
    assert torch.equal(again.weight, judge.weight)


def test_refuses_files_that_are_no_judge(tmp_path):
    path = tmp_path / "judge.safetensors"
    with pytest.raises(BadInput, match="no judge of attributes at"):
        AttributeJudge.load(path)
    path.write_bytes(b"not a judge")
    with pytest.raises(BadInput, match="damaged"):
        AttributeJudge.load(path)
    save_file({"weight": torch.zeros(2, 1)}, path)
    with pytest.raises(BadInput, match="damaged"):
        AttributeJudge.load(path)
    tensors = {"weight": torch.zeros(2, 1), "bias": torch.zeros(1)}
    save_file(tensors, path, metadata={"attribute judge": '["a", "b"]'})
    with pytest.raises(BadInput, match="damaged"):
        AttributeJudge.load(path)


def test_refuses_tables_that_do_not_fit(tables, judge):
    features, attributes = tables
    with pytest.raises(BadInput, match="3 attributes"):
        AttributeJudge.fit(features[:10], attributes[:9], NAMES)
    with pytest.raises(BadInput, match="not finite"):
        AttributeJudge.fit(features / 0, attributes, NAMES)
    with pytest.raises(BadInput, match="every face lacks rare"):
        AttributeJudge.fit(
            features, attributes & (attributes.sum(1, keepdim=True) > 9), NAMES[2:] * 3
        )
    with pytest.raises(BadInput, match=r"reads features \(N, 64\)"):
        judge.probability(features[:, :60])
    with pytest.raises(BadInput, match="of 10 faces"):
        judge.accuracy(features[:10], attributes[:9])


def test_knows_hair_and_smiles_of_real_faces_it_has_not_seen():
    data = Path(os.environ.get("VAEKIT_DATA", ""))
    folder, weights = data / "celeba", list((data / "squeezenet").glob("*.safetensors"))
    if not (folder / "list_attr_celeba.txt").is_file() or not weights:
        pytest.skip("$VAEKIT_DATA has no celeba/ or no squeezenet/")
    names = ("Blond_Hair", "Male", "Smiling")
    faces, attributes = _faces(folder, 1200, names)
    rows = pooled(Features("squeezenet", layers=JUDGE_LAYERS), faces, grid=JUDGE_GRID)
    judge = AttributeJudge.fit(rows[:900], attributes[:900], names)
    found = judge.accuracy(rows[900:], attributes[900:])
    assert min(each.balanced.value for each in found.values()) > 0.78


def _faces(folder: Path, count: int, names: tuple[str, ...]) -> tuple[Tensor, Tensor]:
    """The first faces (count, 3, 64, 64), scaled without a crop, and some of their attributes."""
    lines = (folder / "list_attr_celeba.txt").read_text().splitlines()
    columns = [lines[1].split().index(name) for name in names]
    table = [[line.split()[1 + i] == "1" for i in columns] for line in lines[2 : 2 + count]]
    faces = []
    with zipfile.ZipFile(folder / "img_align_celeba.zip") as pictures:
        for line in lines[2 : 2 + count]:
            picture = Image.open(io.BytesIO(pictures.read(f"img_align_celeba/{line.split()[0]}")))
            faces.append(np.asarray(picture.resize((64, 64), box=(0, 10, 89, 99))))
    stacked = torch.from_numpy(np.stack(faces)).permute(0, 3, 1, 2).float() / 255
    return stacked, torch.tensor(table)
