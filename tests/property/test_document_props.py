"""Properties of the spec pipeline: the parsers agree, nothing a text can hold makes it raise, places are real."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dockerspec.core.spec import nodes
from dockerspec.core.spec.document import Document, parse
from dockerspec.core.spec.dotenv import DotenvFault, parse_dotenv
from dockerspec.core.spec.interpolate import Interpolator
from dockerspec.core.spec.load import load
from dockerspec.core.spec.merge import merge
from dockerspec.core.spec.source import FileFault, SourceFile, Variables
from dockerspec.core.spec.template import TemplateFault, Usage, expand

Fault = TypeVar("Fault", bound=Exception)

ROOT = Path(__file__).parents[2]
SEEDS = sorted([*ROOT.glob("specs/**/*.yaml"), *ROOT.glob("tests/cases/load/*/spec*.yaml")])

BOUNDED = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029\ufeff", exclude_categories=("Cc",)))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False),
    texts,
    st.sampled_from(
        ["", "~", "yes", "no", "1.10", "0755", "1e3", "12:30", "2024-01-31", "a: b", "# x", "<<", "a\nb\n"]
    ),
)
trees = st.recursive(
    scalars, lambda below: st.lists(below, max_size=4) | st.dictionaries(texts, below, max_size=4), max_leaves=20
)
styles = st.sampled_from(["flow", "single", "double"])
specs = st.dictionaries(texts, trees, min_size=1, max_size=4)


def write(value: object, style: str) -> str:
    """Write a scalar or key; single quotes only where one line holds the text."""
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return ".inf" if value > 0 else "-.inf"
    if style == "single" and isinstance(value, str) and "\n" not in value:
        return "'" + value.replace("'", "''") + "'"
    return json.dumps(value, ensure_ascii=False)


def dump(data: object, style: str, indent: str = "") -> str:
    """Write block YAML, or flow YAML for the style `flow`; independent of any YAML library."""
    if isinstance(data, dict):
        entries = [f"{write(key, style)}: " for key in data]
        below = list(data.values())
    elif isinstance(data, list):
        entries, below = ["- " for _ in data], data
    else:
        return write(data, style)
    if style == "flow" or not data:
        opening, closing = ("{", "}") if isinstance(data, dict) else ("[", "]")
        starts = entries if isinstance(data, dict) else ["" for _ in data]
        parts = [start + dump(item, style) for start, item in zip(starts, below, strict=True)]
        return opening + ", ".join(parts) + closing
    nested = indent + "  "
    parts = []
    for start, item in zip(entries, below, strict=True):
        inline = not isinstance(item, (dict, list)) or not item
        parts.append(
            f"\n{indent}{start}{dump(item, style, nested)}"
            if inline
            else f"\n{indent}{start.rstrip()}{dump(item, style, nested)}"
        )
    return "".join(parts)


def read(text: str, *, pure: bool = False) -> tuple[Document | None, list[str]]:
    document, faults = parse(SourceFile("f.yaml", text, "/x"), pure=pure)
    return document, [str(fault) for fault in faults]


@BOUNDED
@given(specs, styles)
def test_what_was_written_is_read_back_by_both_parsers(data, style):
    text = dump(data, style)
    for pure in (False, True):
        document, faults = read(text, pure=pure)
        assert faults == []
        assert document is not None
        assert nodes.plain(document.root) == data


def places(node: nodes.Node) -> list[tuple[int, int]]:
    """Return where all nodes but the empty ones are: the parsers put a missing value at different places."""
    if isinstance(node, nodes.Scalar):
        return [(node.line, node.column)] if node.text else []
    below = node.items if isinstance(node, nodes.Sequence) else (*node.keys.values(), *node.values.values())
    return [(node.line, node.column), *(place for item in below for place in places(item))]


PIECES = (
    *("a", "b: ", ": ", "- ", "\n", "\n  ", "\n    ", "[", "]", "{", "}", ", ", "'", '"', "&x ", "*x", "<<: ", "|\n"),
    *(">-\n", "# c", "? ", "!!str ", "!t ", "\t", "$A", "${A", "}", "1", "~", "\\", "---\n", "...", "%", "@", "é"),
)
fragments = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


@BOUNDED
@given(fragments)
def test_the_parsers_agree_on_what_both_read(text):
    fast, slow = read(text), read(text, pure=True)
    if fast[0] is not None and slow[0] is not None:
        assert fast[0].plain() == slow[0].plain()
        assert places(fast[0].root) == places(slow[0].root)
        assert fast[1] == slow[1]
    if slow[0] is not None:
        assert fast[0] is not None


def reader(path: str) -> str | FileFault:
    return FileFault("doesn't exist", missing=True) if path.endswith("none.env") else "A=1\nB='x\ny'\n"


def check(*found: str) -> None:
    """Load texts; nothing may be raised, and every place must exist in its file."""
    files = [SourceFile(str(number), text, "/srv/shop") for number, text in enumerate(found)]
    result = load(files, Variables(environment={"A": "a"}), reader)
    assert (result.stack is None) == any(fault.severity == "error" for fault in result.diagnostics)
    for fault in result.diagnostics:
        assert fault.summary
        if fault.span is not None and fault.span.file.isdigit():
            lines = found[int(fault.span.file)].replace("\r\n", "\n").replace("\r", "\n").split("\n")
            assert 1 <= fault.span.line <= len(lines), fault
            assert 1 <= fault.span.column <= len(lines[fault.span.line - 1]) + 2, fault


@BOUNDED
@given(fragments)
def test_loading_never_raises_for_fragments(text):
    check(text)
    check("containers: {web: {image: x}}", text)


def seed(path: Path) -> bytes:
    return path.read_bytes()[:20_000]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A real spec with bytes flipped, and lines cut, doubled, swapped or indented."""
    data = bytearray(seed(draw(st.sampled_from(SEEDS))))
    for _ in range(draw(st.integers(1, 4))):
        lines = data.split(b"\n")
        place = draw(st.integers(0, len(lines) - 1))
        kind = draw(st.sampled_from(["byte", "insert", "delete", "double", "cut", "swap", "indent", "value"]))
        if kind == "byte" and data:
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
            continue
        if kind == "insert":
            at = draw(st.integers(0, len(data)))
            data[at:at] = draw(
                st.sampled_from([b"$", b"${", b": ", b"[", b"}", b'"', b"'", b"\t", b"*a", b"&a ", b"\0"])
            )
            continue
        if kind == "delete":
            del lines[place]
        elif kind == "double":
            lines.insert(place, lines[place])
        elif kind == "cut":
            lines = lines[: place + 1]
        elif kind == "swap":
            other = draw(st.integers(0, len(lines) - 1))
            lines[place], lines[other] = lines[other], lines[place]
        elif kind == "indent":
            lines[place] = b"  " + lines[place]
        else:
            key, colon, _ = lines[place].partition(b":")
            lines[place] = (
                key + colon + b" " + draw(st.sampled_from([b"~", b"5", b"x", b"[a]", b"{a: b}", b"true", b"-1.5"]))
            )
        data = bytearray(b"\n".join(lines))
    return bytes(data).decode("utf-8", "replace")


@settings(BOUNDED, max_examples=300)
@given(mutated())
def test_loading_never_raises_for_mutated_specs(text):
    check(text)


@settings(BOUNDED, max_examples=60)
@given(mutated(), mutated())
def test_overlaying_never_raises_for_mutated_specs(base, over):
    check(base, over)


@pytest.mark.parametrize("path", SEEDS, ids=[str(path.relative_to(ROOT)) for path in SEEDS])
def test_the_seeds_themselves(path):
    check(seed(path).decode("utf-8", "replace"))


def caught(kind: type[Fault], call: Callable[[], object]) -> Fault | None:
    """Return the fault that a call raises, or None; all else goes through."""
    try:
        call()
    except kind as fault:
        return fault
    return None


values = st.dictionaries(st.sampled_from(["A", "B", "_c1"]), st.sampled_from(["", "a", "${A}", "$"]))
templates = st.lists(
    st.sampled_from(["$", "{", "}", "${", "${A", "A", "B", "_c1", ":-", "-", ":?", "?", ":+", "+", "$$", "x", " ", "1"])
).map("".join)


@BOUNDED
@given(st.one_of(texts, templates), values)
def test_expanding_raises_nothing_but_its_fault(text, known):
    fault = caught(TemplateFault, lambda: expand(text, known, Usage()))
    assert fault is None or text[fault.offset] == "$"


@BOUNDED
@given(texts)
def test_a_text_with_doubled_dollars_is_that_text(text):
    assert expand(text.replace("$", "$$"), {}, Usage()) == text


@BOUNDED
@given(specs, styles)
def test_interpolation_without_variables_changes_nothing(data, style):
    text = dump(data, style)
    document, _ = read(text)
    assert document is not None
    source = SourceFile("f.yaml", text, "/x")
    if "$" not in text:
        assert Interpolator({}).document(document, source) is document
    Interpolator({}).document(document, source)


@BOUNDED
@given(specs, styles)
def test_merging_with_nothing_changes_nothing(data, style):
    document, _ = read(dump({"containers": data}, style))
    empty, _ = read("containers: {}")
    assert document is not None
    assert empty is not None
    assert merge(document, empty).plain() == document.plain()
    assert merge(empty, document).plain() == document.plain()


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
lines = st.text(st.characters(codec="utf-8", exclude_characters="'\r\0"))


@BOUNDED
@given(st.dictionaries(names, lines))
def test_single_quoted_dotenv_values_come_back(data):
    text = "".join(f"{key}='{value}'\n" for key, value in data.items())
    assert parse_dotenv(text, {}) == data


@BOUNDED
@given(
    st.one_of(
        texts,
        st.lists(st.sampled_from(["A", "=", "'", '"', "\\", "\n", " ", "#", "$", "{", "}", ":", "export "])).map(
            "".join
        ),
    )
)
def test_dotenv_raises_nothing_but_its_fault(text):
    fault = caught(DotenvFault, lambda: parse_dotenv(text, {"A": "1"}))
    assert fault is None or 1 <= fault.line <= text.count("\n") + text.count("\r") + 1
