"""The benchmarks' own arithmetic and texts: what they say must follow from what they measured."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from benchmarks.measure import BenchmarkError, Sample, Series, process, ratios, rounds
from benchmarks.page import block, document, inserted
from benchmarks.stacks import LABEL, Workload, long_spec
from benchmarks.table import Aim, Case, grid, markdown, seconds, verdict
from dockerspec import load

MIB = 1 << 20


def series(name: str, *times: float, peak: int = 0) -> Series:
    return Series(name, tuple(Sample(time, peak) for time in times))


def test_a_series_sums_its_rounds_up() -> None:
    found = Series("ours", (Sample(3.0, 10), Sample(1.0, 30), Sample(2.5, 20)))
    assert (found.median, found.low, found.peak) == (2.5, 1.0, 30)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ((2.0, 2.0), (1.0, 1.0), (2.0, 2.0)),
        # One round on a busy machine: both took ten times as long, and the ratio stays what it was.
        ((2.0, 20.0, 2.0), (1.0, 10.0, 1.0), (2.0, 2.0, 2.0)),
        ((1.0, 2.0, 3.0), (2.0, 1.0, 2.0), (0.5, 2.0, 1.5)),
    ],
)
def test_ratios_are_taken_round_by_round(
    ours: tuple[float, ...], theirs: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    assert ratios(series("ours", *ours), series("theirs", *theirs)) == expected


def test_ratios_need_as_many_rounds_on_both_sides() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios(series("ours", 1.0, 1.0), series("theirs", 1.0))


def test_a_verdict_goes_by_the_middle_round() -> None:
    # The ratio of the medians, or of the best times, would be 1.
    case = Case("", (series("ours", 1.0, 2.0, 3.0), series("theirs", 2.0, 1.0, 2.0)), "theirs", Aim("ours", 1.2))
    assert verdict(case).endswith("1.50 (0.50 to 2.00 in single rounds), missed.")


def test_contenders_take_turns_and_each_round_begins_with_another() -> None:
    order: list[str] = []

    def run(name: str) -> Sample:
        order.append(name)
        return Sample(float(len(order)))

    found = rounds(3, {"a": lambda: run("a"), "b": lambda: run("b")}, lambda name: order.append(f"after {name}"))
    assert order == [word for name in "abbaab" for word in (name, f"after {name}")]
    assert [item.name for item in found] == ["a", "b"]
    assert [sample.seconds for sample in found[1].samples] == [3.0, 5.0, 11.0]


def test_a_process_is_measured_whole(tmp_path: Path) -> None:
    code = (
        "import os, time; time.sleep(0.05); held = b'x' * (1200 << 20); open('seen', 'w').write(str(dict(os.environ)))"
    )
    found = process([sys.executable, "-c", code], {"ONLY": "this"}, tmp_path)
    assert found.seconds > 0.05
    # More than any test process has: a process inherits the mark of the one that starts it.
    assert 1200 * MIB < found.peak < 1300 * MIB
    seen = (tmp_path / "seen").read_text(encoding="utf-8")
    assert "'ONLY': 'this'" in seen
    assert "PATH" not in seen


def test_a_process_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"(?s)ended with 3:.*no luck"):
        process([sys.executable, "-c", "print('no luck'); raise SystemExit(3)"], dict(os.environ), tmp_path)


@pytest.mark.parametrize(
    ("value", "text"),
    [(12.34, "12.3 s"), (1.234, "1.23 s"), (0.1234, "123 ms"), (0.0123, "12 ms"), (0.00456, "4.56 ms")],
)
def test_times_are_readable(value: float, text: str) -> None:
    assert seconds(value) == text


def test_a_grid_is_padded() -> None:
    assert grid(["", "time"], [["ours", "1 s"], ["x", "12 s"]]).splitlines() == [
        "|      | time |",
        "| ---- | ---: |",
        "| ours |  1 s |",
        "| x    | 12 s |",
    ]


OURS = series("ours", 2.0, 3.0, peak=48 * MIB)
THEIRS = series("theirs", 2.0, 2.0)


def test_a_case_is_a_table_with_its_verdict() -> None:
    case = Case("Ten of them", (OURS, THEIRS), "theirs", Aim("ours", 1.15))
    assert markdown([case]).splitlines() == [
        "### Ten of them",
        "",
        "|        | median |   best | peak memory | against theirs |",
        "| ------ | -----: | -----: | ----------: | -------------: |",
        "| ours   | 2.50 s | 2.00 s |      48 MiB |           1.25 |",
        "| theirs | 2.00 s | 2.00 s |           - |           1.00 |",
        "",
        "2 rounds. Aim: ours at most 1.15 times theirs: 1.25 (1.00 to 1.50 in single rounds), missed.",
    ]


@pytest.mark.parametrize(("limit", "word"), [(1.24, "missed"), (1.25, "met"), (2.0, "met")])
def test_an_aim_is_met_up_to_its_limit(limit: float, word: str) -> None:
    assert verdict(Case("", (OURS, THEIRS), "theirs", Aim("ours", limit))).endswith(f"single rounds), {word}.")


def test_without_a_base_nothing_is_compared() -> None:
    assert markdown([Case("Alone", (THEIRS,))]).splitlines()[2:] == [
        "|        | median |   best |",
        "| ------ | -----: | -----: |",
        "| theirs | 2.00 s | 2.00 s |",
        "",
        "2 rounds.",
    ]


PAGE = """\
# Title
<!-- measured: old -->
the last run's
<!-- end: old -->
<!-- measured: new -->
<!-- end: new -->
The end.
"""


def test_only_the_place_of_the_engine_is_rewritten() -> None:
    page = inserted(PAGE, "old", "figures\n")
    assert page == PAGE.replace("the last run's", "figures")
    assert inserted(page, "old", "the last run's") == PAGE


@pytest.mark.parametrize("page", ["", "<!-- measured: old -->", "<!-- end: old -->", PAGE.replace("old", "new")])
def test_a_page_without_the_marks_is_refused(page: str) -> None:
    with pytest.raises(BenchmarkError, match="<!-- measured: old -->"):
        inserted(page, "old", "figures")


def test_the_page_in_docs_has_a_place_for_each_engine() -> None:
    text = (Path(__file__).parents[2] / "docs" / "performance.md").read_text(encoding="utf-8")
    assert all("figures" in inserted(text, engine, "figures") for engine in ("old", "new"))


def test_a_block_names_what_the_figures_depend_on() -> None:
    facts = {"Python": "3.11.2", "machine": "2 cores"}
    assert block(facts, []).splitlines()[0] == "Python 3.11.2; 2 cores."


def test_the_document_keeps_every_measurement() -> None:
    found = document({"Python": "3.11.2"}, [Case("Ten", (OURS, THEIRS), "theirs"), Case("Alone", (THEIRS,))])
    assert json.loads(json.dumps(found))["cases"][0]["series"] == {
        "ours": [{"seconds": 2.0, "peak": 48 * MIB}, {"seconds": 3.0, "peak": 48 * MIB}],
        "theirs": [{"seconds": 2.0, "peak": None}, {"seconds": 2.0, "peak": None}],
    }
    assert [case["base"] for case in found["cases"]] == ["theirs", None]


WORKLOAD = Workload("ours", 3, "kit/busybox:1")


def test_all_forms_of_a_workload_ask_for_the_same_containers(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(WORKLOAD.spec(), encoding="utf-8")
    stack = load([path]).require()
    bodies = dict(WORKLOAD.bodies())
    assert list(bodies) == [f"ours-{key}-1" for key in stack.containers]
    for spec, body in zip(stack.containers.values(), bodies.values(), strict=True):
        assert spec.labels == body["Labels"]
        assert {f"{key}={value}" for key, value in spec.environment.items()} == set(body["Env"])
        assert list(spec.command) == body["Cmd"]
        assert spec.mem_limit == body["HostConfig"]["Memory"]
        assert spec.network_mode == body["HostConfig"]["NetworkMode"]
        # Both are 0, so that the unit does not matter.
        assert spec.stop_grace_period == body["StopTimeout"]
        assert body["Labels"][LABEL] == "ours"
    ours, theirs = WORKLOAD.spec().partition("containers:")[2], WORKLOAD.compose().partition("services:")[2]
    assert ours == theirs != ""


def test_the_long_spec_is_sound_and_long(tmp_path: Path) -> None:
    path = tmp_path / "long.yaml"
    path.write_text(long_spec(300), encoding="utf-8")
    found = load([path])
    assert found.diagnostics == ()
    assert 300 <= path.read_text(encoding="utf-8").count("\n") < 330
