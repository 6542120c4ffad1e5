"""The documents are true: their commands parse, what they name exists, and the pictures of the tree are the tree."""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from casefile.events.types import PUBLISHED
from cli.invocation import split_global
from cli.main import build_app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md")))
CASEFILE = ("casefile", ".venv/bin/casefile")
ASSIGNMENT = re.compile(r"[A-Z_]+=")


def shell_commands(page: Path) -> list[str]:
    """Every command of the page's shell blocks."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def arguments_of(command: str) -> list[str] | None:
    """The arguments after `casefile`; None for a command of somebody else."""
    words = shlex.split(command, comments=True)
    while words and ASSIGNMENT.match(words[0]):
        words.pop(0)
    if words[:2] == ["./dev", "casefile"]:
        return words[2:]
    return words[1:] if words and words[0] in CASEFILE else None


def documented() -> Iterator[tuple[str, str, list[str]]]:
    for page in PAGES:
        for command in shell_commands(page):
            arguments = arguments_of(command)
            if arguments is not None:
                yield str(page.relative_to(ROOT)), command, arguments


@pytest.mark.parametrize(("page", "command", "arguments"), list(documented()))
def test_every_command_in_a_page_is_one_that_the_program_takes(page: str, command: str, arguments: list[str]) -> None:
    split = split_global(arguments)
    assert not split.missing
    parse(list(split.arguments))


def parse(arguments: list[str]) -> None:
    """Parse as the program does, without doing anything; raises what the parser raises."""
    import typer

    step = typer.main.get_command(build_app())
    context = step.make_context("casefile", arguments, resilient_parsing=False)
    while rest := [*context._protected_args, *context.args]:
        name, below, left = context.command.resolve_command(context, rest)
        context = below.make_context(name, list(left), parent=context)
        if not hasattr(below, "resolve_command"):
            return


@pytest.mark.parametrize("words", [["itmes"], ["collect", "--whi", "x"], ["duplicates", "decide", "e", "perhaps"]])
def test_a_wrong_command_would_be_seen(words: list[str]) -> None:
    import typer

    with pytest.raises(typer.TyperException):
        parse(words)


def test_the_readme_begins_with_what_a_reader_runs_and_what_cannot_be_done() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    first = text[: text.index("## What it does")]
    assert len(first.splitlines()) <= 50
    assert re.findall(r"^\./dev run$", first, re.MULTILINE)
    assert len(re.findall(r"^\./dev casefile ", first, re.MULTILINE)) == 3
    assert "## What it cannot do" in first


def test_commands_of_dev_that_pages_name_exist() -> None:
    known = set(re.findall(r"^\./dev ([a-z-]+)", (ROOT / "dev").read_text("utf-8"), re.MULTILINE))
    named = {word for page in PAGES for word in re.findall(r"\./dev ([a-z-]+)", page.read_text("utf-8"))}
    assert named - {"alone", "makes"} <= known


LINKING = (*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")))
LINK = re.compile(r"\]\(([^)\s]+)\)")


def links(page: Path) -> list[tuple[str, str]]:
    """Place and heading of every link of the page that stays in this house."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = [target.partition("#") for target in LINK.findall(text) if not re.match(r"[a-z]+:", target)]
    return [(place, heading) for place, _, heading in found]


def headings(page: Path) -> set[str]:
    """The headings as links name them: lower case, hyphens for blanks, no punctuation."""
    lines = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("page", LINKING, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for place, heading in links(page):
        target = page.parent / place if place else page
        assert target.exists(), place
        assert not heading or heading in headings(target), f"{place}#{heading}"


def test_the_readme_leads_to_every_page() -> None:
    linked = {(ROOT / place).resolve() for place, _ in links(ROOT / "README.md")}
    pages = {page for page in LINKING if page.name != "README.md" and page.parent != DOCS / "adr"}
    assert pages - linked == set()


def code_words(page: Path) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", page.read_text("utf-8")))


@cache
def names_of(path: Path) -> frozenset[str]:
    """Names that a module defines at its top."""
    tree = ast.parse(path.read_text("utf-8"))
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        defined |= {target.id for target in targets if isinstance(target, ast.Name)}
    return frozenset(defined)


def module_path(name: str) -> Path | None:
    found = ROOT / name.replace(".", "/")
    return next((path for path in (found.with_suffix(".py"), found / "__init__.py") if path.is_file()), None)


@pytest.mark.parametrize("test", sorted(word for word in code_words(DOCS / "protocol.md") if ".py::" in word))
def test_every_test_that_the_protocol_table_names_exists(test: str) -> None:
    file, _, name = test.partition("::")
    assert name in names_of(ROOT / "tests" / file)


@pytest.mark.parametrize("page", [DOCS / "protocol.md"], ids=lambda page: page.name)
def test_every_function_that_the_protocol_table_names_exists(page: Path) -> None:
    named = [word for word in code_words(page) if re.fullmatch(r"[a-z_.]+:\w+", word) and word != "module:name"]
    missing = []
    for word in named:
        module, _, name = word.partition(":")
        path = module_path(module)
        if path is None or name not in names_of(path):
            missing.append(word)
    assert len(named) > 20
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_event_that_a_page_names_is_published(page: Path) -> None:
    published = {name for name, _schema in PUBLISHED}
    subjects = {name.partition(".")[0] for name in published}
    verbs = {name.partition(".")[2] for name in published}
    named = {word for word in code_words(page) if re.fullmatch(r"[a-z]+\.[a-z]+", word)}
    events = {word for word in named if word.partition(".")[0] in subjects and word.partition(".")[2].endswith("ed")}
    assert events <= published
    assert verbs


@pytest.mark.parametrize("row", re.findall(r"^\| .*\|$", (DOCS / "protocol.md").read_text("utf-8"), re.MULTILINE))
def test_every_row_of_the_protocol_table_is_met_partly_met_or_not_yet(row: str) -> None:
    cells = [cell.strip() for cell in row.strip("|").split(" | ")]
    assert all(cells[index] for index in (0, 1, -1))
    if len(cells) == 5 and cells[0] != "paragraph":
        assert re.match(r"(Done|Partly)\b", cells[2])
        assert "::" in cells[4]


def test_the_picture_of_the_house_is_the_house() -> None:
    text = (DOCS / "ARCHITECTURE.md").read_text("utf-8")
    block = re.search(r"## The house\n\n```\n(.*?)```", text, re.DOTALL)
    assert block is not None
    drawn = re.findall(r"^([a-z]+)  ", block[1], re.MULTILINE)
    outside = {"tests", "benchmarks", "examples"}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - outside
    assert set(drawn) == packages
    assert len(drawn) == len(set(drawn))


def test_the_life_of_an_item_names_modules_and_functions_that_exist() -> None:
    text = (DOCS / "ARCHITECTURE.md").read_text("utf-8")
    rows = re.findall(r"^\| \d+ \| (.*?) \| (.*?) \| .*\|$", text, re.MULTILINE)
    assert len(rows) == 11
    for call, modules in rows:
        sources = ""
        for module in re.findall(r"`([a-z_.]+)`", modules):
            spec = importlib.util.find_spec(module)
            assert spec is not None, module
            folder = Path(spec.origin or "").parent
            files = folder.rglob("*.py") if spec.submodule_search_locations else [Path(spec.origin or "")]
            sources += "".join(file.read_text("utf-8") for file in files)
        for name in re.findall(r"`(?:\w+\.)?([a-z_]+)`", call):
            if name not in {"work", "finish", "suggests"}:
                assert re.search(rf"def {name}\b", sources), name


def test_every_table_that_is_described_exists() -> None:
    from casefile.records import log, view, work

    text = (DOCS / "ARCHITECTURE.md").read_text("utf-8")
    sources = "".join(Path(module.__file__ or "").read_text("utf-8") for module in (log, view, work))
    for name in re.findall(r"`((?:log|view|work)_[a-z]+)`", text):
        assert f'"{name}"' in sources, name


def test_the_glossary_has_every_stored_word() -> None:
    from casefile import vocabulary

    text = (DOCS / "glossary.md").read_text("utf-8")
    shown = (vocabulary.Outcome, vocabulary.Content, vocabulary.Acquisition, vocabulary.Fidelity, vocabulary.Role)
    others = (vocabulary.Pathway, vocabulary.Tier, vocabulary.Judgement, vocabulary.Purpose)
    missing = [word.value for words in (*shown, *others) for word in words if f"`{word.value}`" not in text]
    assert not missing


def test_decisions_are_numbered_and_have_a_context_a_choice_and_a_cost() -> None:
    pages = sorted((DOCS / "adr").glob("*.md"))
    for number, page in enumerate(pages, start=1):
        text = page.read_text("utf-8")
        assert page.name.startswith(f"{number:04d}-")
        assert text.startswith(f"# {number}. ")
        for part in ("**Context.**", "**Choice.**", "**Cost.**"):
            assert part in text, f"{page.name} lacks {part}"


@pytest.mark.parametrize("test", re.findall(r"`([\w/]+\.py::\w+)`", (DOCS / "validation.md").read_text("utf-8")))
def test_every_test_that_the_validation_names_exists(test: str) -> None:
    file, _, name = test.partition("::")
    assert name in names_of(ROOT / "tests" / file)


def test_every_claim_of_the_validation_has_its_five_cells() -> None:
    rows = re.findall(r"^\| (?!claim)[^-].*\|$", (DOCS / "validation.md").read_text("utf-8"), re.MULTILINE)
    assert len(rows) > 10
    assert all(
        all(map(str.strip, cells)) and len(cells) == 5 for cells in (row.strip("|").split(" | ") for row in rows)
    )


def test_the_errata_for_people_are_those_that_the_program_reads() -> None:
    from pipelines.errata import errata

    rows = re.findall(
        r"^\| (E-\d+) \| (\S+) \| (\S+) \| ([^|]+) \|", (DOCS / "errata.md").read_text("utf-8"), re.MULTILINE
    )
    assert rows == [(one.id, one.published, one.tool, " ".join(one.affected)) for one in errata()]
