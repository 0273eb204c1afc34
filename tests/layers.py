"""Which module may import what: read from the source, nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "flask_unt"

# From the top: a part imports from the rows below its own, and from itself.
ROWS = (
    "__init__",
    "extension",
    "cli",
    "ingest | dashboard | worker",
    "jobs | identity | limits | doctor | geoip",
    "state | drain",
    "stream | store | outage",
    "events | agents | config",
    "urls cleaning countries country_tables",
    "errors failpoint early",
)

PURE_ROWS = ROWS[-3:]

HOMES = {
    "flask": ("extension", "state", "ingest.inject", "identity", "dashboard", "cli"),
    "sqlalchemy": ("store",),
    "alembic": ("store",),
    "redis": ("stream",),
    "rq": ("jobs", "worker"),
    "prometheus_client": ("worker",),
    "maxminddb": ("geoip",),
}

# The folders of the store, from the top; below them is what lies in it itself.
STORE_FOLDERS = ("store.methods", "store.reports")

NOT_PURE = {"datetime.now", "random", "secrets", "socket", "subprocess", "threading"}
NOT_PURE |= {"time", "urllib.request"}

PLACES = {
    module: (row, part)
    for row, parts in enumerate(ROWS)
    for part in parts.split(" | ")
    for module in part.split()
}


def faults(module: str, source: str) -> list[str]:
    """What is wrong in a module of ours, as sentences; ``module`` is "store.write"."""
    tree = ast.parse(source)
    head = module.partition(".")[0]

    if head not in PLACES:
        return [f"{module} has no place: give it one in tests/layers.py."]

    found = []

    for name in imported(module, tree):
        found += wrong_layer(module, name) + wrong_home(module, name)
        found += wrong_folder(module, name)

    return found + module_state(module, tree)


def imported(module: str, tree: ast.Module) -> Iterator[str]:
    """Every imported name, dotted and absolute, also those inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)

        if isinstance(node, ast.ImportFrom):
            origin = absolute(module, node)
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def absolute(module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""

    # A package is known by the name of its folder with ".__init__" at its end.
    folder = f"{PACKAGE}.{module}".split(".")[: -node.level]

    return ".".join([*folder, node.module] if node.module else folder)


def wrong_layer(module: str, name: str) -> list[str]:
    if not name.startswith(f"{PACKAGE}."):
        return []

    target = name.split(".")[1]

    if target not in PLACES:
        return [f"{module} imports {name}, which has no place in tests/layers.py."]

    row, part = PLACES[module.partition(".")[0]]
    other_row, other_part = PLACES[target]

    if part == other_part or other_row > row:
        return []

    return [f"{module} imports {name}, which is not below it."]


def wrong_home(module: str, name: str) -> list[str]:
    library = name.partition(".")[0]
    homes = HOMES.get(library)

    if homes is not None and not f"{module}.".startswith(tuple(f"{h}." for h in homes)):
        return [f"{module} imports {name}, whose home is {', '.join(homes)}."]

    row, _ = PLACES[module.partition(".")[0]]

    if ROWS[row] in PURE_ROWS and f"{name}.".startswith(
        tuple(f"{impure}." for impure in NOT_PURE)
    ):
        return [f"{module} imports {name}, but is to be pure."]

    return []


def wrong_folder(module: str, name: str) -> list[str]:
    """Within the store: what opens transactions, what reads, and what both use."""
    if not module.startswith("store.") or module == "store.__init__":
        return []

    if store_row(name.removeprefix(f"{PACKAGE}.")) >= store_row(module):
        return []

    return [f"{module} imports {name}, which is not below it in the store."]


def store_row(name: str) -> int:
    for row, folder in enumerate(STORE_FOLDERS):
        if f"{name}.".startswith(f"{folder}."):
            return row

    return len(STORE_FOLDERS)


def module_state(module: str, tree: ast.Module) -> list[str]:
    """``global`` statements, and lists, dicts or sets under a name of lower case."""
    found = [
        f"{module} changes module state: global {', '.join(node.names)}."
        for node in ast.walk(tree)
        if isinstance(node, ast.Global)
    ]

    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and is_mutable(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found += [
                f"{module}.{target.id} is mutable state of a module."
                for target in targets
                if isinstance(target, ast.Name) and target.id.upper() != target.id
                if target.id != "__all__"
            ]

    return found


def is_mutable(value: ast.expr | None) -> bool:
    displays = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)

    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id in {"dict", "list", "set", "defaultdict", "deque"}

    return isinstance(value, displays)


def modules(folder: Path) -> dict[str, Path]:
    """Name and file of each module of the package."""
    return {
        ".".join(path.relative_to(folder).with_suffix("").parts): path
        for path in sorted(folder.rglob("*.py"))
    }
