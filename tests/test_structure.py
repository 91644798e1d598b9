"""The rules of docs/architecture.md that a machine can check."""

import ast
import dataclasses
import enum
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from types import ModuleType

import pytest

import vaekit
from vaekit.recipes import CORRUPTIONS, LIKELIHOODS, NETS, RECIPES

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "vaekit"
SOURCES = sorted(PACKAGE.rglob("*.py"))
CHECKED = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py")), *(ROOT / "benchmarks").glob("*.py")]

ENTRANCES = {"__init__", "__main__"}  # they hand on what lies below them
ONLY = {
    "data": {"errors", "memory", "records", "writing"},
    "space": {"errors"},
    "figures": {"errors", "space", "writing"},
}
LONGEST = 60
LONGEST_RECIPE = 10

Function = ast.FunctionDef | ast.AsyncFunctionDef


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def documented_layers() -> list[str]:
    """The names in the layout of docs/architecture.md, from the bottom up."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    layout = text.split("src/vaekit/\n")[1].split("tests/")[0]
    return re.findall(r"^  (\w+)(?:\.py|/)", layout, re.MULTILINE)


def layer_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_names(path: Path) -> list[str]:
    """What a file imports, anywhere in it, with its module's name."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{shown(path)}:{node.lineno} imports relatively"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def imported_layers(path: Path) -> set[str]:
    """The parts of vaekit that a file imports."""
    inside = [name.split(".")[1] for name in imported_names(path) if name.startswith("vaekit.")]
    return set(inside) & {layer_of(source) for source in SOURCES}


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function):
            yield node


def body_lines(function: Function) -> int:
    """Lines from the first statement after the docstring to the end."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def code_lines(function: Function) -> int:
    """Lines of a function without its docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    docstring = function.body[0]
    return lines - ((docstring.end_lineno or 0) - docstring.lineno + 1)


def modules() -> list[ModuleType]:
    found = pkgutil.walk_packages(vaekit.__path__, "vaekit.")
    return [importlib.import_module(each.name) for each in found if "__main__" not in each.name]


def classes() -> list[type]:
    """Every class that vaekit defines at the top level of a module, but exceptions."""
    return [
        value
        for module in modules()
        for value in vars(module).values()
        if inspect.isclass(value)
        and value.__module__ == module.__name__
        and not issubclass(value, BaseException)
    ]


def is_abstract(cls: type) -> bool:
    return inspect.isabstract(cls) or getattr(cls, "_is_protocol", False)


def is_record(cls: type) -> bool:
    return dataclasses.is_dataclass(cls) or issubclass(cls, enum.Enum) or hasattr(cls, "_fields")


def test_the_documented_layers_are_the_layers() -> None:
    documented = documented_layers()
    assert sorted(documented) == sorted({layer_of(path) for path in SOURCES} - ENTRANCES)


def test_imports_point_up_the_documented_list() -> None:
    above: dict[str, set[str]] = {}
    for layer in documented_layers():
        above[layer] = ONLY.get(layer, set(above))
    downwards = [
        f"{shown(path)} imports {', '.join(sorted(others))}"
        for path in SOURCES
        if (layer := layer_of(path)) not in ENTRANCES
        and (others := imported_layers(path) - {layer} - above.get(layer, set()))
    ]
    assert not downwards, "\n".join(downwards)


def test_no_modules_import_each_other_in_a_circle() -> None:
    names = {
        ".".join(("vaekit", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
            ".__init__"
        ): path
        for path in SOURCES
    }
    graph = {
        name: {
            other if other in names else other.rpartition(".")[0]
            for other in imported_names(path)
            if not other.startswith(f"{name}.")  # a package hands on what lies below it
        }
        & names.keys()
        for name, path in names.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError, which names them


def test_functions_are_short() -> None:
    long = [
        f"{shown(path)}: {function.name} has {lines} lines"
        for path in CHECKED
        for function in functions(path)
        if (lines := code_lines(function)) > LONGEST
    ]
    assert not long, "\n".join(long)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_has_at_most_ten_lines(name: str) -> None:
    recipe = RECIPES[name]
    tree = ast.parse(inspect.getsource(recipe))
    assert isinstance(tree.body[0], ast.FunctionDef)
    assert body_lines(tree.body[0]) <= LONGEST_RECIPE


def test_concrete_classes_are_final() -> None:
    extensible = [
        cls.__qualname__
        for cls in classes()
        if not (is_abstract(cls) or is_record(cls) or getattr(cls, "__final__", False))
    ]
    assert not extensible, "\n".join(extensible)


def test_no_concrete_class_inherits_from_a_concrete_class() -> None:
    ours = set(classes())
    heirs = {
        cls.__qualname__: base.__qualname__
        for cls in ours
        for base in cls.__mro__[1:]
        if base in ours and not is_abstract(base)
    }
    assert heirs == {}


def names_of_parts() -> set[str]:
    """Names of recipes and parts, and of the classes that models are made of."""
    parts = {cls.__name__ for cls in classes() if hasattr(cls, "forward")}
    return parts | set(RECIPES) | set(NETS) | set(LIKELIHOODS) | set(CORRUPTIONS)


def compared_strings(path: Path) -> Iterator[tuple[int, str]]:
    """Strings that a file branches on: operands of comparisons, and cases."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Compare):
            operands: list[ast.expr] = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            operands = [node.value]
        else:
            continue
        for operand in operands:
            for part in ast.walk(operand):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield node.lineno, part.value


def test_nothing_branches_on_the_name_of_a_part() -> None:
    names = names_of_parts()
    branches = [
        f"{shown(path)}:{line} compares with {value!r}"
        for path in SOURCES
        for line, value in compared_strings(path)
        if value in names
    ]
    assert not branches, "\n".join(branches)


def strings(path: Path) -> Iterator[ast.Constant]:
    """The strings in a file, docstrings and parts of f-strings among them."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node


def test_only_the_command_line_spells_flags() -> None:
    spelled = [
        f"{shown(path)}:{node.lineno} spells {flag[0]}"
        for path in SOURCES
        if layer_of(path) != "cli"
        for node in strings(path)
        if "var(--" not in node.value  # a style sheet, whose variables look alike
        and (flag := re.search(r"(?<![\w-])--[a-z][\w-]*", node.value))
    ]
    assert not spelled, "\n".join(spelled)


def undocumented(tree: ast.Module) -> Iterator[str]:
    """The module, public functions, classes and public methods without a docstring."""
    if ast.get_docstring(tree) is None:
        yield "the module itself"
    for node in tree.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None:
            yield node.name
        methods = node.body if isinstance(node, ast.ClassDef) else []
        for method in methods:
            if (
                isinstance(method, Function)
                and not method.name.startswith("_")
                and ast.get_docstring(method) is None
            ):
                yield f"{node.name}.{method.name}"


def test_what_is_public_is_documented() -> None:
    bare = [
        f"{shown(path)}: {name}"
        for path in SOURCES
        for name in undocumented(ast.parse(path.read_text()))
    ]
    assert not bare, "\n".join(bare)


def test_no_file_names_a_place_on_this_machine() -> None:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listing.returncode:
        pytest.skip("needs a git checkout")
    place = re.compile(rb"(?<![\w.<])/(?:work|root|home|tmp|Users)/\w")
    files = [ROOT / name for name in listing.stdout.splitlines()]
    guilty = [shown(file) for file in files if file.is_file() and place.search(file.read_bytes())]
    assert not guilty, "\n".join(guilty)


def loaded_by(*command: str) -> set[str]:
    """Top-level modules that a Python process has loaded when it ends."""
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", *command], capture_output=True, text=True, check=True
    )
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in ended.stderr.splitlines()}


def test_importing_vaekit_loads_no_torch() -> None:
    loaded = loaded_by("-c", "import vaekit")
    assert "vaekit" in loaded
    assert "torch" not in loaded


def test_listing_runs_loads_no_torch(tmp_path: Path) -> None:
    loaded = loaded_by("-m", "vaekit", "runs", "--root", str(tmp_path))
    assert "vaekit" in loaded
    assert "torch" not in loaded


def test_help_loads_no_torch() -> None:
    loaded = loaded_by("-m", "vaekit", "--help")
    assert "vaekit" in loaded
    assert "torch" not in loaded
