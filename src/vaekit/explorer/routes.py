"""The routes: each reads a request, asks `Explored` and answers with JSON or an array's bytes."""

import base64
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, is_dataclass
from importlib.resources import files
from typing import Annotated, Any

import numpy as np
from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from numpy.typing import NDArray
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from vaekit.errors import BadInput
from vaekit.explorer.answers import MOST_CELLS, MOST_DECODED, Explored, Source
from vaekit.explorer.lanes import Lanes
from vaekit.space.directions import Method
from vaekit.writing import plain

Array = NDArray[Any]
_BYTES = "application/octet-stream"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_GONE = 499  # whoever asked has left: nobody reads it
_LONGEST = 100_000  # letters of what a model is told

Text = Annotated[str, Query(max_length=500)]
Told = Annotated[str, Query(max_length=_LONGEST)]
Seed = Annotated[int, Query(ge=0, lt=2**63)]
Rows = Annotated[str, Query(max_length=20_000, pattern=r"^\d{1,9}(,\d{1,9})*$")]


def application(explored: Explored, lanes: Lanes) -> FastAPI:
    """The page and what it asks for, without what `Guard` adds."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_exception_handler(BadInput, _bad_input)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _no_such)
    app.add_exception_handler(ClientDisconnect, _left)
    app.add_exception_handler(Exception, _failed)
    _add_page(app)
    _add_points(app, explored, lanes)
    _add_codes(app, explored, lanes)
    app.add_route("/api/decode", _decoding(explored, lanes), methods=["POST"])
    _add_own(app, explored, lanes)
    return app


def _add_page(app: FastAPI) -> None:
    """The page's files, read once: what a request names is looked up, never opened."""
    page = {
        f"/{each.name}": (each.read_bytes(), kind)
        for each in files("vaekit.explorer").joinpath("page").iterdir()
        for ending, kind in _TYPES.items()
        if each.name.endswith(ending)
    }
    page["/"] = page["/index.html"]

    def serving(body: bytes, kind: str) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            return Response(body, media_type=kind)

        return serve

    for path, (body, kind) in page.items():
        app.add_route(path, serving(body, kind), methods=["GET"])


def _add_points(app: FastAPI, explored: Explored, lanes: Lanes) -> None:
    """What is known of the run, the map and its points."""

    @app.get("/api/scene")
    async def scene() -> Response:
        return _json(await lanes.reading.run(lambda: explored.scene))

    @app.get("/api/card")
    async def card() -> Response:
        return _json(await lanes.reading.run(lambda: explored.card))

    @app.get("/api/plane")
    async def plane(key: Text) -> Response:
        return _json(await lanes.reading.run(explored.view, key))

    @app.get("/api/points")
    async def points(key: Text) -> Response:
        return _bytes(await lanes.reading.run(explored.points, key))

    @app.get("/api/column")
    async def column(name: Text) -> Response:
        return _bytes(explored.column(name))

    @app.get("/api/row")
    async def row(request: Request, index: Annotated[int, Query(ge=0, lt=2**31)]) -> Response:
        found = await lanes.moving.overtaken(request, explored.row, index)
        if found is None:
            return Response(status_code=_GONE)
        name, values, code, original, reconstruction = found
        arrays = {"code": code, "original": original, "reconstruction": reconstruction}
        return _json({"id": name, "values": values, **{n: _array(a) for n, a in arrays.items()}})

    @app.get("/api/codes")
    async def codes(rows: Rows) -> Response:
        return _bytes(explored.codes_of(_numbers(rows)))

    @app.get("/api/originals")
    async def originals(rows: Rows) -> Response:
        return _bytes(await lanes.reading.run(explored.originals, _numbers(rows)))

    @app.get("/api/elbos")
    async def elbos() -> Response:
        return _bytes(explored.elbos())

    @app.post("/api/table")
    async def table(request: Request) -> Response:
        rows = _floats(await request.body(), "<u4", MOST_CELLS).astype(np.int64)
        text = await lanes.reading.run(explored.table, rows)
        return Response(text, media_type="text/csv; charset=utf-8")


def _add_codes(app: FastAPI, explored: Explored, lanes: Lanes) -> None:
    """Codes that are drawn, and directions."""

    @app.get("/api/draw")
    async def draw(
        n: Annotated[int, Query(ge=1, le=MOST_DECODED)],
        source: Annotated[Source, Query(alias="from")],
        seed: Seed = 0,
        told: Told = "",
    ) -> Response:
        lane = lanes.moving if source == "prior" else lanes.fitting
        return _bytes(await lane.run(explored.draw, n, source, seed, _given(told)))

    @app.get("/api/direction")
    async def direction(attribute: Text, method: Method = "balanced") -> Response:
        return _bytes(await lanes.fitting.run(explored.direction, attribute, method))


def _decoding(explored: Explored, lanes: Lanes) -> Callable[[Request], Awaitable[Response]]:
    """The way from codes to pictures, which a moving pointer takes sixty times a second."""
    size = explored.codes.shape[1]

    async def decode(request: Request) -> Response:
        body, given = await request.body(), _given(request.query_params.get("told", ""))
        codes = _floats(body, "<f4", MOST_DECODED * size)
        if len(codes) % size:
            raise BadInput(f"`codes` are {len(codes)} numbers: give {size} for each.")
        rows = codes.reshape(-1, size)
        found = await lanes.moving.overtaken(request, explored.decode, rows, given)
        return Response(status_code=_GONE) if found is None else _bytes(found)

    return decode


def _add_own(app: FastAPI, explored: Explored, lanes: Lanes) -> None:
    """Pictures of the user's."""

    @app.post("/api/encode")
    async def encode(
        request: Request,
        height: Annotated[int, Query(ge=1, le=1_000)] = 0,
        width: Annotated[int, Query(ge=1, le=1_000)] = 0,
        told: Told = "",
    ) -> Response:
        body = await request.body()
        source: bytes | Array = body
        if height and width:
            if len(body) != height * width:
                raise BadInput(f"`file` has {len(body)} bytes: give {height} x {width}.")
            source = np.frombuffer(body, np.uint8).reshape(height, width)
        found = await lanes.moving.run(explored.encode, source, _given(told))
        terms = {name: getattr(found, name) for name in ("elbo", "rate", "distortion", "below")}
        arrays = {"code": found.code, "prepared": found.prepared}
        arrays["reconstruction"] = found.reconstruction
        return _json({**terms, **{name: _array(each) for name, each in arrays.items()}})


def _given(text: str) -> dict[str, str | float] | None:
    """What a model is told, of JSON; raises BadInput for anything else."""
    if not text or text == "null":
        return None
    try:
        given = json.loads(text) if len(text) <= _LONGEST else None
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict) or not all(type(v) in (str, int, float) for v in given.values()):
        raise BadInput("`told` is no JSON object of texts and numbers.")
    return given


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


def _floats(body: bytes, kind: str, most: int) -> Array:
    """The numbers in a body; raises BadInput where it is empty, torn or holds too many."""
    size = np.dtype(kind).itemsize
    if not body or len(body) % size or len(body) > most * size:
        raise BadInput(f"The body has {len(body):,} bytes: give 1 to {most:,} numbers of {size}.")
    return np.frombuffer(body, kind).copy()


def _array(values: Array) -> dict[str, Any]:
    """An array as JSON holds it."""
    whole = np.ascontiguousarray(values)
    return {
        "dtype": whole.dtype.str[1:],
        "shape": whole.shape,
        "base64": base64.b64encode(whole.tobytes()).decode("ascii"),
    }


def _bytes(values: Array) -> Response:
    return Response(np.ascontiguousarray(values).tobytes(), media_type=_BYTES)


def _json(value: Any) -> Response:
    record = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    return JSONResponse(plain(record))


async def _bad_input(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)


async def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    listed: Sequence[Any] = error.errors()
    names = ", ".join(sorted({str(each["loc"][-1]) for each in listed}))
    return JSONResponse({"error": f"The request's {names} can't be read."}, 422)


async def _no_such(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": str(error.detail)}, error.status_code)


async def _left(request: Request, error: Exception) -> Response:
    return Response(status_code=_GONE)


async def _failed(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "Something went wrong here: the terminal says what."}, 500)
