"""The drawing in docs/architecture.md: what `lint-imports` does not hold of it."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter

from grimp import build_graph

from tests.conftest import PROJECT

ROOTS = ("notary", "anchoring", "api")


def test_no_module_needs_one_that_needs_it() -> None:
    """Whoever reads a module has read what it stands on before; imports inside functions count."""
    graph = build_graph(*ROOTS)
    order = TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules})
    assert len(tuple(order.static_order())) == len(graph.modules)


def test_every_room_is_on_the_map() -> None:
    """And none that is not there."""
    page = (PROJECT / "docs" / "architecture.md").read_text()
    rooms = page.partition("| Room | Use cases |")[2].partition("\n\n")[0]
    named = {name for row in rooms.splitlines() for name in re.findall(r"`([a-z_]+)`", row.partition(" | ")[0])}
    assert named == {
        folder.name for folder in (PROJECT / "notary" / "service").iterdir() if (folder / "__init__.py").exists()
    }
