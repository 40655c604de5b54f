"""The documents are true: the commands, targets, files and variables they name exist, and the other way round."""

import re
from pathlib import Path

from django.core.management import get_commands

REPOSITORY = Path(__file__).resolve().parents[2]
OPERATIONS = REPOSITORY / "docs" / "operations.md"
VARIABLE = re.compile(r"\b(?:CIRCLED_[A-Z][A-Z_]*[A-Z]|DATABASE_URL|DATABASE_OWNER_URL|REDIS_URL)\b")
# Python names of settings and constants that look like variables of the environment.
NOT_VARIABLES = {"CIRCLED_ON_MACOS"}


def _documents() -> list[Path]:
    return sorted(
        path
        for path in [REPOSITORY / "README.md", *REPOSITORY.glob("docs/**/*.md"), *REPOSITORY.glob("loop/**/*.md"),
                     *REPOSITORY.glob("tests/*.md"), *REPOSITORY.glob("benchmarks/*.md")]
        if path.exists()
    )  # fmt: skip


def test_every_command_in_the_documents_exists() -> None:
    commands = set(get_commands())
    missing = [
        f"{path.relative_to(REPOSITORY)}: {name}"
        for path in _documents()
        for name in re.findall(r"manage\.py ([a-z_]+)", path.read_text())
        if name not in commands
    ]
    assert not missing, f"the documents name commands that do not exist: {missing}"


def test_every_make_target_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), flags=re.MULTILINE))
    missing = [
        f"{path.relative_to(REPOSITORY)}: make {name}"
        for path in _documents()
        for name in re.findall(r"`(?:[A-Z]+=\S+ )*make ([a-z-]+)", path.read_text())
        if name not in targets
    ]
    assert not missing, f"the documents name targets that the Makefile lacks: {missing}"


def test_variables_are_documented_and_documents_name_no_others() -> None:
    code = set()
    for folder, patterns in {".": ("*.py", "Makefile"), "studio": ("**/*.py",), "loop": ("**/*.py",),
                             "tests": ("**/*.py",), "benchmarks": ("**/*.py",)}.items():  # fmt: skip
        for pattern in patterns:
            for path in (REPOSITORY / folder).glob(pattern):
                if path.resolve() != Path(__file__).resolve():
                    code |= set(re.findall(r"[\"' ](?:export )?(" + VARIABLE.pattern + r")[\"'=]", path.read_text()))
    documented = set(VARIABLE.findall(OPERATIONS.read_text()))
    assert not code - documented, f"add to the table of docs/operations.md: {sorted(code - documented)}"
    assert not documented - code, f"docs/operations.md names what nothing reads: {sorted(documented - code)}"


def test_every_relative_link_leads_somewhere() -> None:
    broken = [
        f"{path.relative_to(REPOSITORY)}: {target}"
        for path in _documents()
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text())
        if not (path.parent / target).exists()
    ]
    assert not broken, f"these links lead nowhere: {broken}"


def test_nothing_names_the_machine_it_was_written_on() -> None:
    words = re.compile("|".join(("/" + "work" + "/", "/ro" + "ot/", "/ho" + "me/")))
    folders = ("loop", "studio", "tests", "templates", "docs", "benchmarks", ".ci")
    suffixes = {".py", ".html", ".md", ".sql", ".js", ".css", ".toml", ".sh", ""}
    found = [
        f"{path.relative_to(REPOSITORY)}:{number}"
        for folder in folders
        for path in (REPOSITORY / folder).rglob("*")
        if path.is_file() and path.suffix in suffixes and "vendor" not in path.parts
        for number, line in enumerate(path.read_text(errors="ignore").splitlines(), 1)
        if words.search(line)
    ]
    assert not found, f"use paths relative to the repository: {found}"
