"""The page as one file, which needs neither Python nor a network: see `save_page`.

Explored ─▶ facts (JSON) and arrays (base64) ─┐
page/*.js, style.css, index.html ─▶ bundle ───┴─▶ page.html, whose policy allows these alone
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from vaekit.explorer import explored
from vaekit.explorer.answers import MOST_DECODED, MOST_ROWS, Explored
from vaekit.explorer.portable import Program, Unportable, program_of, rounded
from vaekit.explorer.protocol import Scene
from vaekit.runs import Run
from vaekit.writing import plain, replacing

Array = NDArray[Any]
MOST_BYTES = 25_000_000
"""Of a decoder with its weights; a larger one is left out of the file."""

_POINTS = 10_000  # on the map, at most
_CODES, _ORIGINALS = 4_000_000, 6_000_000  # bytes of what is known of them
_SIDE = 25  # of the lattice that is decoded where there is no decoder
_DRAWN = 200  # codes of the prior and of the mixture
_CHECKED = 256  # codes that are decoded to see what rounding the weights costs
_QUALITY = 90
_LOSSLESS = 256  # rows on whose sheet the room for all is estimated
_ENTRY = "saved.js"


def save_page(run: Run | str | Path, path: str | Path, *, progress: bool = False) -> Path:
    """Write the page of a run as one file that works without Python and network; gives its path.

    It holds up to 10,000 points of the map with their originals, and a decoder that runs in the
    page, its large weights as float16 where that changes no pixel by more than 1 of 255. A decoder
    over 25 MB, or with parts that a page cannot run, is left out: a lattice of the plane of the
    map is decoded in advance instead, and the page says so. Models are not trained on from it.

    Raises BadInput as `explored`, OSError where the file cannot be written.
    """
    contents = _contents(explored(run, progress=progress))
    with replacing(Path(path)) as part:
        part.write_text(_page(contents), "utf-8")
    return Path(path)


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Contents:
    """What a page knows: facts as JSON, and blocks of bytes by name."""

    facts: dict[str, Any]
    blocks: dict[str, bytes] = field(default_factory=dict)


def _contents(found: Explored) -> _Contents:
    scene = found.scene
    decoder, why = _decoder(found)
    places = _places(found)
    words = [scene.note] if scene.note else []
    if len(places) < scene.points:
        words.append(f"This file holds {len(places):,} of {scene.points:,} points.")
    if decoder is None:
        words.append(
            f"It holds no decoder ({why}), but a lattice of decoded codes, {_SIDE} across, the "
            "nearest of which is shown."
        )
        if scene.conditions:
            words.append("All were told what the first row is.")
    facts: dict[str, Any] = {"sheets": {}, "program": None}
    contents = _Contents(facts)
    facts["scene"] = plain(asdict(_scene(found, len(places), " ".join(words) or None)))
    facts["card"] = plain(asdict(found.card))
    facts["planes"] = {each.key: plain(asdict(found.view(each.key))) for each in scene.planes}
    for key in facts["planes"]:
        contents.blocks[f"points-{key}"] = found.points(key)[places].tobytes()
    _add_points(contents, found, places)
    _add_directions(contents, found)
    if decoder is None:
        _add_lattice(contents, found)
    else:
        facts["program"], halves, wholes = decoder
        contents.blocks["halves"], contents.blocks["wholes"] = halves.tobytes(), wholes.tobytes()
    return contents


def _scene(found: Explored, points: int, note: str | None) -> Scene:
    scene, can = found.scene, found.scene.can
    no = f"This file has no encoder: start `vaekit explore {found.run.name}` for that."
    able = replace(can, encode=no, draw_by_hand=no)
    if scene.conditions:
        told = "What is drawn depends on what the model is told: start `vaekit explore` for that."
        able = replace(able, prior=told)
    return replace(scene, points=points, note=note, can=able)


def _places(found: Explored) -> Array:
    """The points that the file holds, evenly from all."""
    scene = found.scene
    context = found.model.context
    row = 4 * (scene.latent + context + len(scene.columns))
    few = np.linspace(0, scene.points - 1, min(scene.points, _LOSSLESS)).astype(np.int64)
    _, sheet = _sheet(found, _originals(found, few))
    most = min(_POINTS, _CODES // row, _ORIGINALS * len(few) // len(sheet))
    return np.linspace(0, scene.points - 1, min(scene.points, max(most, 1))).astype(np.int64)


def _decoder(found: Explored) -> tuple[tuple[dict[str, Any], Array, Array] | None, str]:
    """The decoder as facts and weights, or None and why not."""
    if found.showing.sound is not None:
        return None, "spectrograms are drawn in decibels, which no page works out"
    context = found.told().contexts(1)
    try:
        program: Program = program_of(found.model, context)
    except Unportable as error:
        return None, str(error)
    facts, halves, wholes = program.packed(_rounds_well(found))
    size = 4 * (halves.nbytes + wholes.nbytes) // 3 + len(json.dumps(facts))
    if size > MOST_BYTES:
        return None, f"it has {size / 1e6:.0f} MB"
    return (facts, halves, wholes), ""


def _rounds_well(found: Explored) -> bool:
    """Whether float16 weights change what is decoded by 1 of 255 at most."""
    codes = torch.from_numpy(found.codes[:_CHECKED])
    context = found.told().contexts(len(codes))
    pair = [
        found.showing.rows(model.decode(codes, context).numpy()).astype(np.float64)
        for model in (found.model, rounded(found.model))
    ]
    span = 255.0 if found.showing.shown == "picture" else float(np.ptp(pair[0]))
    return bool(np.abs(pair[0] - pair[1]).max() <= span / 255)


def _add_points(contents: _Contents, found: Explored, places: Array) -> None:
    facts, blocks = contents.facts, contents.blocks
    ids = found.split.ids
    facts["ids"] = [str(each) for each in (places if ids is None else np.asarray(ids)[places])]
    blocks["codes"] = found.codes[places].astype("<f4").tobytes()
    for number, column in enumerate(found.scene.columns):
        values = found.column(column.name)[places]
        blocks[f"column-{number}"] = values.astype(values.dtype.newbyteorder("<")).tobytes()
    facts["told"], conditions = None, found.run.conditions
    if conditions is not None and found.split.context is not None:
        contexts = found.split.context[places].astype("<f4")
        usual = found.split.context[0].tolist()
        size = contexts.shape[1]
        facts["told"] = {"columns": conditions.to_json(), "usual": usual, "size": size}
        blocks["contexts"] = contexts.tobytes()
    across, blocks["originals"] = _sheet(found, _originals(found, places))
    facts["sheets"]["originals"] = {"type": _type(found), "across": across}


def _originals(found: Explored, places: Array) -> Array:
    starts = range(0, len(places), MOST_ROWS)
    parts = [found.originals(places[start : start + MOST_ROWS].tolist()) for start in starts]
    return np.concatenate(parts)


def _type(found: Explored) -> str | None:
    """The type of a sheet of rows; None where they are numbers."""
    if found.showing.shown != "picture":
        return None
    return "image/png" if found.showing.row[-1] == 1 else "image/webp"


def _sheet(found: Explored, rows: Array) -> tuple[int, bytes]:
    """Rows as they are shown, side by side: how many across, and the file of the picture."""
    across = int(np.ceil(np.sqrt(len(rows))))
    if _type(found) is None:
        return across, rows.astype("<f4").tobytes()
    count, high, wide, channels = rows.shape
    down = -(-count // across)
    whole = np.zeros((down * across, high, wide, channels), np.uint8)
    whole[:count] = rows
    picture = whole.reshape(down, across, high, wide, channels).swapaxes(1, 2)
    picture = picture.reshape(down * high, across * wide, channels)
    sink = BytesIO()
    if channels == 1:
        Image.fromarray(picture[..., 0]).save(sink, "png", optimize=True)
    else:
        Image.fromarray(picture).save(sink, "webp", quality=_QUALITY)
    return across, sink.getvalue()


def _add_directions(contents: _Contents, found: Explored) -> None:
    scene = found.scene
    pairs = [(each.name, method) for each in scene.attributes for method in each.methods]
    contents.facts["directions"] = pairs
    vectors = [found.direction(name, method) for name, method in pairs]  # type: ignore[arg-type]
    contents.blocks["directions"] = b"".join(each.tobytes() for each in vectors)
    if scene.can.prior is True and not scene.conditions:
        contents.blocks["draws-prior"] = found.draw(_DRAWN, "prior").astype("<f4").tobytes()
    if scene.can.mixture is True:
        contents.blocks["draws-mixture"] = found.draw(_DRAWN, "mixture").tobytes()


def _add_lattice(contents: _Contents, found: Explored) -> None:
    """Decoded codes of a square around the plane's circle."""
    view = found.view(found.scene.plane)
    (across, up), radius = view.circle.centre, view.circle.radius
    line = np.linspace(-radius, radius, _SIDE)
    flat = np.stack(np.meshgrid(across + line, up + line), -1).reshape(-1, 2)
    if found.scene.latent == 1:
        flat = flat[:_SIDE]
    codes = (np.array(view.origin) + flat @ np.array(view.axes)).astype(np.float32)
    starts = range(0, len(codes), MOST_DECODED)
    rows = np.concatenate([found.decode(codes[n : n + MOST_DECODED]) for n in starts])
    places, contents.blocks["grid"] = _sheet(found, rows)
    contents.facts["sheets"]["grid"] = {"type": _type(found), "across": places}
    contents.facts["grid"] = {
        "rows": len(rows),
        "side": _SIDE,
        "start": [across - radius, up - radius],
        "step": 2 * radius / (_SIDE - 1) or 1.0,
    }


def _page(contents: _Contents) -> str:
    """The file: the page's own, its style and script in it, and the data behind."""
    page = {each.name: each for each in files("vaekit.explorer").joinpath("page").iterdir()}
    style = page["style.css"].read_text("utf-8")
    script = bundle({name: each.read_text("utf-8") for name, each in page.items()})
    text = page["index.html"].read_text("utf-8")
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "img-src blob: data:; base-uri 'none'; form-action 'none'"
    )
    head = f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">'
    swaps = {
        '<meta charset="utf-8">': f'<meta charset="utf-8">\n{head}',
        '<link rel="stylesheet" href="style.css">': f"<style>{style}</style>",
        '<script type="module" src="main.js"></script>\n': "",
        "</body>": f'{_data(contents)}<script type="module">{script}</script>\n</body>',
    }
    for written, put in swaps.items():
        assert text.count(written) == 1, written
        text = text.replace(written, put)
    return text


def _data(contents: _Contents) -> str:
    """Blocks that no browser runs: JSON in which nothing ends a block, and base64."""
    facts = json.dumps(contents.facts, separators=(",", ":"), allow_nan=False)
    for letter in "<>&":
        facts = facts.replace(letter, f"\\u{ord(letter):04x}")
    blocks = {name: base64.b64encode(each).decode() for name, each in contents.blocks.items()}
    return "".join(
        f'<script type="application/octet-stream" id="data-{name}">{text}</script>\n'
        for name, text in {"facts": facts, **blocks}.items()
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.]+)";\n', re.MULTILINE)


def bundle(modules: Mapping[str, str], entry: str = _ENTRY) -> str:
    """The modules that an entry needs as one script, each after those it needs.

    Their imports are one line each, and no two have a name in common.
    """

    def ordered(name: str, seen: set[str]) -> Iterator[str]:
        if name not in seen:
            seen.add(name)
            for needed in _IMPORT.findall(modules[name]):
                yield from ordered(needed, seen)
            yield name

    parts = [_IMPORT.sub("", modules[name]) for name in ordered(entry, set())]
    script = re.sub(
        r"^export (?=(async )?(function|class|const))", "", "\n".join(parts), flags=re.M
    )
    assert "</script" not in script.lower()
    return script
