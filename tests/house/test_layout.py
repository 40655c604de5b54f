"""The house rules that a machine can check. Each message says what to do."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
MOST_LINES = 400
# One file by promise: outsiders download and run it without us.
MAY_BE_LONG = {"loop/verifier/circled_verify.py"}
NOUNS = (
    "people", "material", "screening", "consent", "suggestion", "decision", "signal", "intake", "gate", "export",
    "recall", "report", "audit", "storage",
)  # fmt: skip
ROLES = {"__init__", "models", "querysets", "rules"}


def _sources(*folders: str, suffixes: tuple[str, ...] = (".py",)) -> list[Path]:
    return [
        path
        for folder in folders
        for path in sorted((REPOSITORY / folder).rglob("*"))
        if path.suffix in suffixes and "vendor" not in path.parts and "__pycache__" not in path.parts
    ]


def test_files_stay_short() -> None:
    folders = ("loop", "studio", "tests", "benchmarks", "templates")
    paths = [
        path for path in _sources(*folders, suffixes=(".py", ".html", ".js", ".sql")) if "migrations" not in path.parts
    ]
    lines = {str(path.relative_to(REPOSITORY)): len(path.read_text().splitlines()) for path in paths}
    long = {name: number for name, number in lines.items() if number > MOST_LINES and name not in MAY_BE_LONG}
    assert not long, f"split these along what they are about (at most {MOST_LINES} lines): {long}"


def test_every_noun_says_what_it_is() -> None:
    lacking = []
    for noun in NOUNS:
        path = REPOSITORY / "loop" / noun / "__init__.py"
        if path.parent.is_dir() and (not path.exists() or not ast.get_docstring(ast.parse(path.read_text()))):
            lacking.append(f"loop/{noun}/__init__.py")
    assert not lacking, f"say in five lines what the noun is, who writes it and what it never does: {lacking}"


def test_noun_packages_import_nothing() -> None:
    importing = [
        f"loop/{noun}"
        for noun in NOUNS
        if (path := REPOSITORY / "loop" / noun / "__init__.py").exists()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not importing, f"import from the file that defines it, not through the package: {importing}"


def test_a_verb_file_has_one_public_function_of_its_name() -> None:
    """A verb file is one that opens a durable transaction: what a door calls."""
    wrong = []
    for noun in NOUNS:
        for path in _sources(f"loop/{noun}"):
            tree = ast.parse(path.read_text())
            verbs = [node for node in tree.body if isinstance(node, ast.FunctionDef) and _is_durable(node)]
            public = [node.name for node in verbs if not node.name.startswith("_")]
            if path.stem not in ROLES and len(public) > 1:
                wrong.append(f"{path.relative_to(REPOSITORY)}: {', '.join(public)}")
    assert not wrong, f"one file a verb, named like it; these open several durable transactions: {wrong}"


def _is_durable(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith("atomic")
        and any(keyword.arg == "durable" and ast.unparse(keyword.value) == "True" for keyword in node.keywords)
        for node in ast.walk(function)
    )


def test_no_file_is_called_signals() -> None:
    # A profile's file bears the profile's name, and one profile is called signals.
    paths = [path for path in _sources("loop") if path.name == "signals.py" and path.parent.name != "profiles"]
    found = [str(path.relative_to(REPOSITORY)) for path in paths]
    assert not found, f"`signals` is Django's word for something else; name it after what it does: {found}"


INLINE = {
    "an inline style": re.compile(r"\sstyle\s*="),
    "a style element": re.compile(r"<style[\s>]", re.IGNORECASE),
    "a script without src": re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*\btype=\"application/json\")[^>]*>", re.IGNORECASE
    ),
    "an event attribute": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "htmx code in an attribute": re.compile(r"\shx-on[:-]"),
    "javascript: in a link": re.compile(r"javascript:", re.IGNORECASE),
}


@pytest.mark.parametrize("what", sorted(INLINE))
def test_templates_hold_nothing_inline(what: str) -> None:
    found = [
        f"{path.relative_to(REPOSITORY)}:{number}"
        for path in _sources("templates", suffixes=(".html", ".txt"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if INLINE[what].search(line)
    ]
    assert not found, f"the content policy forbids {what}; put it into loop/static/loop: {found}"
