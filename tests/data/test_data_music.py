"""Tunes: from MIDI to symbols and back."""

import zipfile

import numpy as np
import pytest
from melodies import file_of, walk

from vaekit.data.cache import data_dirs
from vaekit.data.melodies import MEASURES, marks, measured
from vaekit.data.music import HOLD, METERS, REST, Unfit, melody, midi, notes, rolled, tune


def line(*symbols: int, steps: int = 16) -> list[int]:
    return [*symbols, *[REST] * (steps - len(symbols))]


def test_notes_become_symbols_of_sixteenths() -> None:
    found = tune(file_of([(0, 2, 60), (2, 1, 62), (4, 3, 64)]), "4/4")
    assert found.symbols.tolist() == [line(60, HOLD, 62, REST, 64, HOLD, HOLD)]
    assert found.tempo == pytest.approx(100)
    assert not len(found.off)
    assert not found.pickup


def test_a_pitch_that_is_struck_again_begins_again() -> None:
    found = tune(file_of([(0, 1, 60), (1, 1, 60), (2, 2, 60)]), "4/4")
    assert found.symbols[0, :4].tolist() == [60, 60, 60, HOLD]


def test_of_notes_that_sound_together_the_highest_is_heard() -> None:
    symbols, covered = melody(np.array([0, 0, 4]), np.array([8, 4, 6]), np.array([60, 67, 64]))
    # 60 begins under 67 and is not heard; 64 begins when that has ended.
    assert symbols.tolist() == [67, HOLD, HOLD, HOLD, 64, HOLD, REST, REST]
    assert covered == 1


def test_a_higher_note_cuts_a_lower_one_off() -> None:
    symbols, covered = melody(np.array([0, 2]), np.array([8, 4]), np.array([60, 67]))
    assert symbols.tolist() == [60, HOLD, 67, HOLD, *[REST] * 4]
    assert covered == 0


def test_notes_off_the_grid_are_moved_to_it_and_measured() -> None:
    found = tune(file_of([(0, 2, 60), (2.4, 1.5, 62), (4.01, 1, 64)]), "4/4")
    assert found.symbols[0, :5].tolist() == [60, HOLD, 62, HOLD, 64]
    np.testing.assert_allclose(found.off, [0.4], atol=0.01)


def test_a_note_shorter_than_a_step_lasts_one() -> None:
    assert tune(file_of([(0, 0.2, 60)]), "4/4").symbols[0, 0] == 60


def test_a_pick_up_keeps_its_place_before_the_bar_line() -> None:
    found = tune(file_of([(44, 4, 67), (48, 4, 72)]), "4/4")
    assert found.pickup
    assert found.symbols.shape == (1, 32)
    assert found.symbols[0, 12] == 67
    assert found.symbols[0, 16] == 72


def test_the_longest_stretch_in_the_meter_is_taken() -> None:
    walked = [(place, 4, 60 + place % 5) for place in range(0, 80, 4)]
    found = tune(file_of(walked, meters=((0, "1/4"), (4, "4/4"), (68, "3/4"))), "4/4")
    assert found.symbols.shape == (1, 64)
    assert found.symbols[0, 0] == 64
    assert found.meters == 3


def test_tempo_and_instrument_are_kept() -> None:
    notes_of = walk(2, 0)
    data = file_of(notes_of, tempos=((0, 88.0), (16, 140.0)), program=40)
    found = tune(data, "4/4")
    assert (round(found.tempo), found.programs, found.tempos) == (88, (40,), 2)
    again = tune(midi(found.symbols, tempo=found.tempo, programs=found.programs), "4/4")
    assert (round(again.tempo), again.programs) == (88, (40,))
    np.testing.assert_array_equal(again.symbols, found.symbols)


def test_voices_are_tracks_and_a_track_can_be_named() -> None:
    data = file_of([(0, 4, 72)], [(0, 8, 60)], [(0, 2, 48)], names=("high", "low", "bass"))
    assert tune(data, "4/4", voices=2).symbols[:, 0].tolist() == [72, 60]
    assert tune(data, "4/4", track="Low").symbols[:, 0].tolist() == [60]
    assert tune(data, "4/4", track="2").symbols[:, 0].tolist() == [48]


@pytest.mark.parametrize(
    ("data", "why", "said"),
    [
        (b"", "broken", "no MIDI file"),
        (b"RIFF" * 20, "broken", "no MIDI file"),
        (file_of(walk(2, 0))[:-9], "broken", "cut short"),
        (file_of([]), "silent", "no notes"),
        (file_of(walk(2, 0), drums=True), "drums", "only drums"),
        (file_of(walk(2, 0), meters=((0, "5/8"),)), "meter", "in 5/8, not in 4/4"),
        (file_of([(0, 1, 60)], meters=((0, "3/4"), (16, "4/4"))), "meter", "in 3/4"),
        (file_of([(0, 1 << 21, 60)]), "long", "longer than"),
    ],
)
def test_what_is_no_tune_says_why(data: bytes, why: str, said: str) -> None:
    with pytest.raises(Unfit, match=said) as caught:
        tune(data, "4/4")
    assert caught.value.why == why


def test_tracks_that_are_not_there_are_said() -> None:
    data = file_of(walk(2, 0))
    with pytest.raises(Unfit, match="no track flute"):
        tune(data, "4/4", track="flute")
    with pytest.raises(Unfit, match="1 tracks with notes, fewer than 4 voices"):
        tune(data, "4/4", voices=4)


def test_real_tunes_come_back_from_midi_as_they_were() -> None:
    place = next((folder / "nottingham" / "nottingham.zip" for folder in data_dirs()), None)
    if place is None or not place.exists():
        pytest.skip("needs the Nottingham tunes")
    count = 0
    with zipfile.ZipFile(place) as file:
        names = [name for name in file.namelist() if name.startswith("MIDI/melody/")]
        for name in names[1::20]:
            for meter in METERS:
                try:
                    found = tune(file.read(name), meter)  # type: ignore[arg-type]
                except Unfit:  # of another meter
                    continue
                data = midi(found.symbols, meter=meter, tempo=90)  # type: ignore[arg-type]
                again = tune(data, meter).symbols  # type: ignore[arg-type]
                length = again.shape[1]
                np.testing.assert_array_equal(again, found.symbols[:, :length])
                assert (found.symbols[:, length:] == REST).all()
                count += 1
    assert count > 40


def test_notes_and_rolls_are_read_from_symbols() -> None:
    symbols = np.array([line(HOLD, 60, HOLD, HOLD, REST, HOLD, 62, 62)])
    assert notes(symbols[0]).tolist() == [[1, 3, 60], [6, 1, 62], [7, 1, 62]]
    roll = rolled(symbols)
    assert roll[60, :6].tolist() == [0, 2, 1, 1, 0, 0]
    assert roll[62, 6:8].tolist() == [2, 2]
    assert roll.sum() == 8


def test_measures_of_melodies_are_what_they_say() -> None:
    even = [
        (place, 4, pitch) for place, pitch in zip(range(0, 16, 4), (60, 64, 67, 72), strict=True)
    ]
    odd = [(2, 4, 60), (8, 1, 61), (10, 1, 62), (12, 1, 63)]
    rows = np.stack([tune(file_of(each), "4/4").symbols for each in (even, odd)]).astype(np.float32)
    found = measured(rows)
    assert list(found) == list(MEASURES)
    np.testing.assert_allclose(found["note-density"], [0.25, 0.25])
    np.testing.assert_allclose(found["pitch-range"], [12, 3])
    np.testing.assert_allclose(found["average-interval"], [4, 1])
    np.testing.assert_allclose(found["syncopation"], [0, 0.25])
    np.testing.assert_allclose(found["diatonic-share"], [1, 0.75])


def test_intervals_are_within_voices_and_rests_alone_say_nothing() -> None:
    rows = np.full((2, 2, 16), REST, np.float32)
    rows[0, 0, :8:4], rows[0, 1, :8:4] = (60, 62), (40, 45)
    found = measured(rows)
    assert found["average-interval"].tolist() == [3.5, 0]
    assert found["pitch-range"].tolist() == [22, 0]
    assert all(np.isfinite(values).all() for values in found.values())


def test_an_attribute_that_most_have_at_its_most_is_that() -> None:
    rows = np.full((3, 1, 16), HOLD, np.float32)
    rows[:, 0, 0], rows[:, 0, 4] = 60, 62
    rows[0, 0, 8], rows[0, 0, 12] = 61, 63
    found = marks(rows)
    assert found["diatonic-share"].tolist() == [False, True, True]
    assert found["note-density"].tolist() == [True, False, False]
