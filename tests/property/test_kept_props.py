"""Any text that a spec can hold comes back from the form in which the history keeps it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dockerspec.core.history.kept import KeptSpec, keep
from dockerspec.core.spec.load import LoadResult, load
from dockerspec.core.spec.source import FileFault, SourceFile, Variables

# What YAML can hold, if only as an escape.
TEXTS = st.one_of(
    st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=12),
    st.sampled_from(
        ["", "~", "null", "true", "no", "1.10", "0755", "1e3", "-", ".inf", "a: b", "# x", "a\n\nb", "$$", "${"]
    ),
)
PLAIN = st.sampled_from(["~", "null", "true", "1.10", "0755", "1e3", ".inf", "0x1F", "abc", "12:30", "yes"])
SCALARS = st.one_of(TEXTS.map(lambda text: json.dumps(text.replace("$", "$$"))), PLAIN)
NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,6}", fullmatch=True)


def read(path: str) -> str | FileFault:
    return FileFault("doesn't exist", missing=True)


def loaded(text: str, values: dict[str, str]) -> LoadResult:
    return load([SourceFile("s.yaml", text, "/srv/shop")], Variables(environment=values), read)


def spec(environment: dict[str, str], words: list[str], labels: dict[str, str]) -> str:
    lines = [f"      {name}: {value}" for name, value in environment.items()]
    marks = [f"      {json.dumps(name)}: {value}" for name, value in labels.items()]
    command = [f"      - {word}" for word in words]
    parts = [("environment", lines), ("labels", marks), ("command", command)]
    body = "".join(f"    {key}:\n" + "\n".join(items) + "\n" for key, items in parts if items)
    return f"stack: shop\ncontainers:\n  web:\n    image: a\n{body}"


@settings(max_examples=150, deadline=None)
@given(
    environment=st.dictionaries(NAMES, SCALARS, max_size=4),
    words=st.lists(SCALARS, max_size=3),
    labels=st.dictionaries(st.text("abc.$-é ", min_size=1, max_size=6), SCALARS, max_size=3),
    values=st.dictionaries(NAMES, TEXTS, max_size=3),
    used=st.booleans(),
)
def test_a_kept_spec_is_the_same_stack(
    environment: dict[str, str], words: list[str], labels: dict[str, str], values: dict[str, str], used: bool
) -> None:
    if used:
        words = [*words, *(f'"x${{{name}}}y"' for name in values), *(f"${{{name}}}" for name in values)]
    result = loaded(spec(environment, words, labels), values)
    if result.stack is None:
        return
    kept = keep(result, "5a17")
    assert isinstance(kept, KeptSpec)
    given: dict[str, Any] = {name: value for name, value in values.items() if f"  {name}:\n    sensitive" in kept.text}
    for name, item in kept.withheld.items():
        container = result.stack.containers[item.container]
        given[name] = {**container.labels, **container.environment}[item.variable]
    again = loaded(kept.text, given)
    assert [str(fault) for fault in again.diagnostics if fault.severity == "error"] == []
    assert again.stack == result.stack
