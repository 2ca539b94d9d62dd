"""The code blocks of the documentation, and the commands in them. Callers: the two test_docs.py.

A `console` block holds commands behind `$ `, each followed by what it prints. A line `...` stands for any lines. A
block that starts with a comment like `# shop.yaml` is the content of that file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))

_FENCE = re.compile(r"(?P<indent> *)```(?P<language>\w*)\s*")
_FILE = re.compile(r"# (?P<name>[\w.-]+\.\w+)")
_REST = "..."
_OFFLINE = re.compile(
    r"dockerspec (validate|schema|version|completion|config|convert)\b(?!.*--engine)|dockerspec .*--(help|version)"
)


@dataclass(frozen=True, slots=True)
class Block:
    """One code block.

    Attributes:
        page: the file.
        line: the number of its first line below the fence.
        language: the word behind the fence.
        text: its lines, without the indent of the fence.
    """

    page: Path
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        """File and line, for messages."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def file(self) -> str:
        """The name of the file that it is the content of, or nothing."""
        found = _FILE.fullmatch(self.text.partition("\n")[0])
        return found["name"] if found else ""


@dataclass(frozen=True, slots=True)
class Step:
    """One command and what the page says that it prints."""

    command: str
    printed: tuple[str, ...]

    @property
    def is_offline(self) -> bool:
        """Whether it is a command of ours that asks no engine."""
        return _OFFLINE.match(self.command) is not None


def blocks(page: Path) -> Iterator[Block]:
    """The code blocks of a page, in order."""
    start, language, indent = 0, "", ""
    lines = page.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        fence = _FENCE.fullmatch(line)
        if start and line.strip() == "```":
            body = [item.removeprefix(indent) for item in lines[start - 1 : number - 1]]
            yield Block(page, start, language, "\n".join(body) + "\n")
            start = 0
        elif not start and fence:
            start, language, indent = number + 1, fence["language"], fence["indent"]
    assert not start, f"{page.name}: the block at line {start} has no end"


def steps(block: Block) -> Iterator[Step]:
    """The commands of a console block."""
    first, *rest = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not first, f"{block.place}: a console block starts with a command behind '$ '"
    for text in rest:
        command, *printed = text.rstrip("\n").split("\n")
        yield Step(command, tuple(printed))


def tidy(lines: Sequence[str], plain: Callable[[str], str]) -> list[str]:
    """Lines without what depends on time, machine and width; empty ones are dropped."""
    spaced = (" ".join(plain(line).split()) for line in lines)
    return [line for line in spaced if line]


def matches(wanted: Sequence[str], found: Sequence[str]) -> bool:
    """Whether lines are as wanted, where `...` stands for any lines."""
    if not wanted:
        return not found
    head, *tail = wanted
    if head == _REST:
        return any(matches(tail, found[skip:]) for skip in range(len(found) + 1))
    return bool(found) and head == found[0] and matches(tail, found[1:])
