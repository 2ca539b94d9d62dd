"""The benchmarks' own arithmetic and texts: what they say must follow from what they measured."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from benchmarks.measure import BenchmarkError, Sample, Series, process, ratios, rounds
from benchmarks.page import block, document, inserted
from benchmarks.stacks import LABEL, Workload, long_spec
from benchmarks.stages import Stage, chain, links, published, shared
from benchmarks.table import Aim, Case, Toll, Tolls, grid, markdown, seconds, verdict
from dockerspec import load
from tests.kit import client
from tests.kit.load import Load

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


TOLLS = Tolls(
    "Asked", {"ours": (Toll(200, 0, 0.05), Toll(201, 2, 3.2, {"reset": 2})), "theirs": (Toll(200, 9, 1.0),) * 2}
)


def test_requests_are_counted_over_all_rounds() -> None:
    assert markdown([TOLLS]).splitlines() == [
        "### Asked",
        "",
        "|        | requests | failed | failed in a round | slowest answer |",
        "| ------ | -------: | -----: | ----------------: | -------------: |",
        "| ours   |      401 |      2 |            0 to 2 |         3.20 s |",
        "| theirs |      400 |     18 |            9 to 9 |         1.00 s |",
        "",
        "2 rounds.",
    ]
    (found,) = document({}, [TOLLS])["cases"]
    assert found["requests"]["ours"][1] == {"requests": 201, "failed": 2, "slowest": 3.2, "faults": {"reset": 2}}


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


@pytest.mark.parametrize(
    "stage",
    [
        chain("ours", 3, "kit/busybox:1"),
        published("ours", "kit/busybox:1", 8080, 1, prompt=True),
        published("ours", "kit/busybox:1", 8080, 1, prompt=False),
        shared("ours", "kit/nginx:1", "kit/busybox:1", 1),
    ],
)
def test_both_forms_of_a_stage_have_the_same_containers(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(stage.spec(), encoding="utf-8")
    found = load([path])
    assert found.diagnostics == ()
    assert all(item.labels[LABEL] == "ours" for item in found.require().containers.values())
    ours, theirs = stage.spec().partition("containers:")[2], stage.compose().partition("services:")[2]
    assert ours == theirs != ""


def test_each_link_of_a_chain_waits_for_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(chain("ours", 3, "kit/busybox:1", grace=1).spec(), encoding="utf-8")
    containers = load([path]).require().containers
    assert [list(item.depends_on) for item in containers.values()] == [[], ["c1"], ["c2"]]
    assert links("ours", 3) == [f"ours-{key}-1" for key in containers]


class Server:
    """Answers on a port of a loopback address; or accepts connections and says nothing."""

    def __init__(self, address: str, port: int, *, answers: bool = True) -> None:
        self._answers = answers
        self._socket = socket.create_server((address, port), reuse_port=False)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.recv(4096)
                if self._answers:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nup")


def test_a_client_sees_how_long_a_server_was_away(tmp_path: Path) -> None:
    server = Server("127.0.0.1", 0)
    try:
        with Load("127.0.0.1", server.port, tmp_path) as seen:
            server.close()
            time.sleep(0.4)  # what is measured
            server = Server("127.0.0.1", server.port)
            found = seen.end()
    finally:
        server.close()
    assert 0.4 <= found.gap < 5
    assert 0 < found.failed < found.requests
    assert sum(found.faults.values()) == found.failed


DEAD, MUTE, SOUND = "127.0.0.2", "127.0.0.3", "127.0.0.4"


@pytest.mark.parametrize(
    ("addresses", "succeed"),
    [
        ([SOUND], {"first", "all"}),
        ([SOUND, DEAD], {"first", "all"}),
        ([DEAD, SOUND], {"all"}),
        ([MUTE, SOUND], set()),
        ([DEAD], set()),
    ],
)
def test_clients_differ_in_persistence(
    addresses: list[str], succeed: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = Server(SOUND, 0)
    mute = Server(MUTE, sound.port, answers=False)

    def look_up(*_: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, sound.port)) for address in addresses]

    found = set()
    try:
        with monkeypatch.context() as patch:
            patch.setattr(client, "getaddrinfo", look_up)
            for persistence in client.PERSISTENCE:
                with contextlib.suppress(client.NoAnswer):
                    client.ask("web", sound.port, 5.0, persistence)
                    found.add(persistence)
    finally:
        sound.close()
        mute.close()
    assert found == succeed


def test_a_connection_that_the_server_had_not_accepted_is_told_from_silence() -> None:
    listening, mute = socket.create_server((SOUND, 0)), Server(MUTE, 0, answers=False)

    def close_when_asked() -> None:
        select.select([listening], [], [], 10)
        listening.close()

    closing = threading.Thread(target=close_when_asked)
    closing.start()
    try:
        with pytest.raises(client.NoAnswer) as reset:
            client.ask(SOUND, listening.getsockname()[1], 5.0, "all")
        with pytest.raises(client.NoAnswer) as silent:
            client.ask(MUTE, mute.port, 5.0, "all")
    finally:
        closing.join()
        mute.close()
    assert (reset.value.address, reset.value.reset) == (SOUND, True)
    assert (silent.value.address, silent.value.reset) == (MUTE, False)
