"""Every case of the corpus is read as Compose reads it, or its difference is on the list with its reason.

Compose itself is asked each time; nothing of what it says is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from dockerspec.core.spec.compose.schema import TOP
from tests import compose_cases as parity
from tests.compose_cases import Case, Reading
from tests.compose_schema import keys_in, schema_in

AT_ONCE = 2
LEAST_CASES = 300
SERVICE_KEYS = 93
"""How many keys a service has in the newest schema."""
AT_A_TIME = 60
"""Cases of one test: few enough that a busy machine gets through them in time."""


def portions() -> Iterator[Any]:
    """The corpus in portions, each with a name."""
    for group in sorted({case.group for case in parity.corpus()}):
        cases = [case for case in parity.corpus() if case.group == group]
        for start in range(0, len(cases), AT_A_TIME):
            yield pytest.param(cases[start : start + AT_A_TIME], id=f"{group}-{start // AT_A_TIME + 1}")


def compared(case: Case, theirs: Reading, ours: Reading, listed: dict[str, Any] | None) -> str:
    """What is wrong with a case, or an empty text."""
    listed = listed or {}
    refused = [who for who, reading in (("compose", theirs), ("dockerspec", ours)) if reading.tree is None]
    if len(refused) == 1:
        if listed.get("refused_by") == refused[0]:
            return ""
        return f"refused by {refused[0]} only: {(theirs if refused[0] == 'compose' else ours).says.strip()[:400]}"
    if len(refused) == 2:
        placed = any(fault.span for fault in parity.refusals(ours))
        if placed is bool(listed.get("no_place")):
            return f"a place is {'shown' if placed else 'missing'}: {ours.says}"
        return "" if listed.get("no_place") or not listed else "listed as a difference, but there is none"
    assert theirs.tree is not None
    assert ours.tree is not None
    patterns = listed.get("paths", [])
    unlike = parity.unlike(theirs.tree, ours.tree)
    unlisted = {
        path: values for path, values in unlike.items() if not any(fnmatchcase(path, pattern) for pattern in patterns)
    }
    if unlisted:
        return "; ".join(f"{path}: Compose has {one!r}, dockerspec {two!r}" for path, (one, two) in unlisted.items())
    return "listed as a difference, but there is none" if listed and not unlike else ""


@pytest.mark.parametrize("cases", list(portions()))
def test_files_are_read_as_compose_reads_them(cases: list[Case], tmp_path: Path) -> None:
    program = parity.require_program()
    listed = parity.recorded()
    places = [case.write(tmp_path / str(number)) for number, case in enumerate(cases)]
    with ThreadPoolExecutor(AT_ONCE) as workers:
        theirs = list(workers.map(lambda pair: parity.theirs(program, *pair), zip(cases, places, strict=True)))
    wrong = {}
    for case, place, their_reading in zip(cases, places, theirs, strict=True):
        problem = compared(case, their_reading, parity.ours(case, place), listed.get(case.ident))
        if problem:
            wrong[case.ident] = problem
    assert not wrong, "\n".join(f"{ident}\n    {problem}" for ident, problem in wrong.items())


def test_the_corpus_is_large_and_each_case_has_a_name_of_its_own() -> None:
    idents = [case.ident for case in parity.corpus()]
    assert len(idents) >= LEAST_CASES
    assert len(idents) == len(set(idents))


def test_every_key_that_compose_knows_has_its_shape() -> None:
    theirs = set(keys_in(schema_in(parity.require_program())))
    # Read by functions of their own, and by cases of their own: include.yaml, and `external` in projects.yaml.
    own = {path for path in theirs if path[0] == "include" or path[-2:] == ("external", "name")}
    assert sorted(".".join(path) for path in theirs - own - set(parity.keys_known(TOP))) == []


def test_the_corpus_has_every_key_at_every_level() -> None:
    known = set(parity.keys_known(TOP))
    assert len([path for path in known if path[:2] == ("services", "*") and len(path) == 3]) >= SERVICE_KEYS
    assert sorted(".".join(path) for path in known - parity.keys_used()) == []


def test_each_difference_is_of_a_case_and_has_a_reason() -> None:
    idents = {case.ident for case in parity.corpus()}
    for ident, entry in parity.recorded().items():
        assert ident in idents
        assert entry["why"].endswith(".")
        assert len(entry.keys() & {"paths", "refused_by", "no_place"}) == 1
