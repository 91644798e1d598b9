"""The judge of an experiment: trained once on the classes of its data, and kept in its folder."""

from pathlib import Path

import torch
from rich.console import Console

from vaekit.data import Dataset
from vaekit.data.progress import bar
from vaekit.evaluation.judge import Judge, accuracy, load_judge, save, train_judge

JUDGE_EPOCHS = 5


def judge_of(
    folder: Path,
    dataset: Dataset,
    console: Console,
    epochs: int = JUDGE_EPOCHS,
    what: str = "digits",
) -> tuple[Judge, float]:
    """The classifier that says what passes for a class of labelled data, and its test accuracy.

    what: the data are, in words.
    """
    short = "" if epochs == JUDGE_EPOCHS else f"-{epochs}"
    path = folder / f"judge-{dataset.fingerprint[:12]}{short}.safetensors"  # of these data alone
    labels, names = dataset.train.labels, dataset.label_names
    assert labels is not None
    assert names is not None
    assert dataset.test.labels is not None
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        images, classes = torch.from_numpy(dataset.train.x), torch.from_numpy(labels)
        with bar(f"training the judge of {what}", None, not console.quiet) as show:
            judge = train_judge(images, classes, classes=len(names), epochs=epochs, progress=show)
        save(judge, path)
    judge = load_judge(path)
    score = accuracy(judge, dataset.test.tensor(), torch.from_numpy(dataset.test.labels))
    console.print(f"the judge knows {score:.2%} of the test {what}")
    return judge, score
