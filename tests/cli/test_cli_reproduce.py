"""`vaekit reproduce`: which experiments there are, and what it refuses."""

from cli_calls import Call


def test_help_lists_the_experiments(call: Call) -> None:
    answer = call("reproduce", "--help")
    assert answer.code == 0
    assert "mnist" in answer.out
    assert "faces" in answer.out


def test_help_of_an_experiment_lists_its_options(call: Call) -> None:
    faces, mnist = (call("reproduce", name, "--help") for name in ("faces", "mnist"))
    assert "--quick" in faces.out
    assert "--quick" not in mnist.out
    assert "--elbo-epochs" in mnist.out
    assert "--progress" not in faces.out + mnist.out


def test_an_unknown_experiment_is_named_with_the_nearest(call: Call) -> None:
    answer = call("reproduce", "face")
    assert (answer.code, answer.out) == (2, "")
    assert "'face'" in answer.err
    assert "faces" in answer.err


def test_no_experiment_is_no_crash(call: Call) -> None:
    answer = call("reproduce")
    assert answer.code == 2
    assert "mnist or faces" in answer.err


def test_data_without_the_attributes_are_refused_before_training(
    call: Call, tmp_path: object
) -> None:
    answer = call("reproduce", "faces", "--data", "digits", "--folder", f"{tmp_path}/out")
    assert answer.code == 2
    assert "Blond_Hair" in answer.err
