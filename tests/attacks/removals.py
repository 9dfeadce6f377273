"""The verifier with one check taken out, compiled in memory: what it then lets through shows what the check is for."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, TypeAlias

MODULES = ("verdict", "mandate", "authority", "grounds", "case", "verify")
"""Where verification decides, each after those it imports."""

Change: TypeAlias = Callable[[Any], ast.AST]
Removable: TypeAlias = tuple[str, ast.AST, Change]


@dataclass(frozen=True, slots=True)
class Removal:
    """One check gone from one function: a guard, a call that may raise, what a check rests on, a term of a condition.

    `lines` are where it stands, `decides` where its function goes on when it finds something.
    """

    module: str
    function: str
    what: str
    code: CodeType
    lines: range
    decides: range

    def __str__(self) -> str:
        return f"{self.module}.{self.function}: {self.what}"

    @property
    def is_rest(self) -> bool:
        """Whether it caps a check by others, which may refuse by themselves."""
        return self.what.startswith("resting on")

    def verifier(self) -> ModuleType:
        """Build the verifier without the check."""
        return _build({name: self.code if name == self.module else _code(name) for name in MODULES})


def removals() -> Iterator[Removal]:
    """Yield the verifier's checks, one at a time."""
    for module in MODULES:
        functions = (node for node in ast.walk(_tree(module)) if isinstance(node, ast.FunctionDef))
        for function in functions:
            for statement in _own_nodes(function):
                for what, node, change in _removable(statement):
                    decides = _lines(statement.body[0]) if isinstance(statement, ast.If) else range(0)
                    code = _changed(module, node, change)
                    yield Removal(module, function.name, what, code, _lines(node), decides)


def path(module: str) -> Path:
    """Where a module of the core stands."""
    spec = importlib.util.find_spec(f"notary.core.{module}")
    assert spec
    assert spec.origin
    return Path(spec.origin)


def _own_nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Walk a function's body, but not the functions within: they have their own turn."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop(0)
        yield node
        if not isinstance(node, ast.FunctionDef):
            waiting.extend(ast.iter_child_nodes(node))


def _removable(node: ast.AST) -> Iterator[Removable]:
    match node:
        case ast.If(test=test, body=[*_, ast.Raise() | ast.Return()]):
            yield f"if {ast.unparse(test)}", node, _never
            yield from _terms(test)
        case ast.comprehension(ifs=[test]) | ast.GeneratorExp(elt=test) | ast.IfExp(test=test):
            yield from _terms(test)
        case ast.Expr(value=ast.Call() as call):
            yield ast.unparse(call), node, lambda _: ast.Pass()
        case ast.Call(func=ast.Attribute(attr="resting_on"), args=args):
            yield f"resting on {', '.join(map(ast.unparse, args))}", node, lambda call: call.func.value


def _terms(test: ast.AST) -> Iterator[Removable]:
    """Yield a condition's terms, and the places of tuples that it compares."""
    match test:
        case ast.BoolOp(values=values):
            for at, value in enumerate(values):
                yield f"{ast.unparse(value)} in {ast.unparse(test)}", test, _without_term(at)
                yield from _terms(value)
        case ast.Compare(left=ast.Tuple(elts=places), comparators=[ast.Tuple()]):
            for at, place in enumerate(places):
                yield f"{ast.unparse(place)} in {ast.unparse(test)}", test, _without_place(at)


def _never(node: ast.If) -> ast.AST:
    node.test = ast.Constant(False)
    return node


def _without_term(at: int) -> Change:
    def change(node: ast.BoolOp) -> ast.AST:
        del node.values[at]
        return node if len(node.values) > 1 else node.values[0]

    return change


def _without_place(at: int) -> Change:
    def change(node: Any) -> ast.AST:
        del node.left.elts[at], node.comparators[0].elts[at]
        return node  # type: ignore[no-any-return]

    return change


def _changed(module: str, node: ast.AST, change: Change) -> CodeType:
    """Compile a copy of the module in which the node at the same place was changed."""
    at = next(at for at, other in enumerate(ast.walk(_tree(module))) if other is node)
    copy = deepcopy(_tree(module))
    target = next(other for number, other in enumerate(ast.walk(copy)) if number == at)

    class Changed(ast.NodeTransformer):
        def visit(self, other: ast.AST) -> Any:
            return change(other) if other is target else self.generic_visit(other)

    return compile(ast.fix_missing_locations(Changed().visit(copy)), str(path(module)), "exec")


def _build(codes: Mapping[str, CodeType]) -> ModuleType:
    """Run the modules in their order, each importing those built before it."""
    names = {name: f"notary.core.{name}" for name in codes}
    before = {name: sys.modules[name] for name in names.values()}
    try:
        for name, code in codes.items():
            sys.modules[names[name]] = module = ModuleType(names[name])
            exec(code, module.__dict__)
        return sys.modules["notary.core.verify"]
    finally:
        sys.modules.update(before)


def _lines(node: Any) -> range:
    return range(node.lineno, node.end_lineno + 1)


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(path(module).read_text())


@cache
def _code(module: str) -> CodeType:
    return compile(_tree(module), str(path(module)), "exec")
