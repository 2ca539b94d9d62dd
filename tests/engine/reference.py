"""A stack that has something of everything, the turns that it takes, and what must hold after a turn that went wrong.

Callers: the tests of law 7, which break a turn in some way and then look whether the next run finishes or undoes it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from dockerspec.core.plan import action as act
from dockerspec.core.report.outcome import Outcome, Report, Status
from dockerspec.runtime.lock import PREFIX
from tests.engine.stage import Stage, differing, told
from tests.kit.raw import RawEngine

FIRST = """
networks: {front: {}, back: {}}
volumes: {data: {}}
containers:
  web:
    image: {image}
    command: [httpd, -f, -p, "80", -h, /data]
    stop_grace_period: 0s
    networks: {front: {aliases: [www]}, back: {}}
    depends_on: {db: {condition: service_healthy}}
    volumes: ["data:/data"]
    healthcheck: {test: "true", interval: 100ms}
  db:
    image: {image}
    command: [sleep, "9999"]
    stop_grace_period: 0s
    networks: [back]
    volumes: ["data:/data", "/anonymous"]
    healthcheck: {test: "true", interval: 100ms}
  odd:
    image: {image}
    command: [sleep, "9999"]
    stop_grace_period: 0s
    networks: [back]
"""
ROLLED = FIRST.replace(
    """  odd:
    image: {image}
    command: [sleep, "9999"]
""",
    """  odd:
    image: {image}
    command: [sleep, "9999"]
    replicas: 2
    volumes: ["data:/data"]
    healthcheck: {test: "true", interval: 100ms}
    update: {order: start-first}
""",
)
"""The same with replicas that are replaced in turn."""
ONE_ROOM = ROLLED.replace(
    'command: [sleep, "9999"]\n    replicas', 'command: [sh, -c, "mkdir /data/room && sleep 9999"]\n    replicas'
)
"""Only the first of the new replicas comes up: then all go back."""
LISTENING = 10.0
"""Seconds after which the site must listen: its health check only says that it runs."""
GONE = ""
_OURS = re.compile(r"[A-Z]\w*(?:Error|Exception|Exit): ")
"""How the message of an outcome begins that stands for an exception nobody foresaw."""
SCENARIOS = {
    "create": (GONE, FIRST),
    "update": (FIRST, FIRST.replace("interval: 100ms}", "interval: 100ms}\n    mem_limit: 64m")),
    "replace": (FIRST, FIRST.replace("interval: 100ms}", "interval: 100ms}\n    user: '0:0'")),
    "rewire": (FIRST, FIRST.replace("back: {}}\nvol", "back: {labels: {made: anew}}}\nvol")),
    "rename and drop": (FIRST, FIRST.replace("  odd:", "  even:\n    container_name: {stack}-even")),
    "roll": (ROLLED, ROLLED.replace("replicas: 2", "replicas: 2\n    user: '0:0'")),
    "roll back": (ROLLED, ROLLED),
    "destroy": (FIRST, GONE),
}
"""The state before, and the one that the run was on the way to when it was killed."""
IN_VAIN = {"roll back": ONE_ROOM}
"""What the run that is killed was on the way to, where it is not what the next run makes."""


def begin(stage: Stage, raw: RawEngine, before: str) -> None:
    """Bring the stack into the state before the scenario, and leave a mark in its volumes."""
    if before == GONE:
        report = stage.destroy(FIRST, delete_volumes=("data",))
        assert report.ok, told(report)
        return
    stage.settle(before)
    for item in raw.get("/volumes")["Volumes"]:
        # A run that has nothing to do takes no lock, and so clears none that a killed one left.
        if item["Name"].startswith(f"{PREFIX}{stage.stack}"):
            raw.delete(f"/volumes/{item['Name']}")
    code, output = raw.execute(
        f"{stage.stack}-db-1", "sh", "-c", "rm -rf /data/room; echo kept | tee /data/mark /anonymous/mark"
    )
    assert code == 0, output


def after_destroy(stage: Stage, raw: RawEngine) -> Iterator[str]:
    """What is wrong after destroying went on in a second run."""
    report = stage.destroy(FIRST)
    if not report.ok:
        yield f"the next run failed: {told(report)}"
    for path in ("/containers/json", "/networks"):
        yield from (f"still there: {item}" for item in raw.get(path, all=True) if stage.stack in str(item))
    if raw.find(f"/volumes/{stage.stack}_data") is None:
        yield "the volume is gone"


def after_apply(stage: Stage, raw: RawEngine, before: str, after: str) -> Iterator[str]:
    """What is wrong after the spec was applied in a second run."""
    report = stage.apply(after)
    if not report.ok:
        yield f"the next run failed: {told(report)}"
        return
    plan = stage.plan(after)
    if not plan.is_empty:
        yield f"not converged: {differing(plan)}"
    names = sorted(item["Names"][0] for item in raw.get("/containers/json", all=True) if stage.stack in str(item))
    if len(names) != after.count("image:") + after.count("replicas: 2"):
        yield f"doubled or missing containers: {names}"
    if before == GONE:
        return
    code, output = raw.execute(f"{stage.stack}-db-1", "cat", "/data/mark", "/anonymous/mark")
    if (code, output) != (0, "kept\nkept\n"):
        yield f"data was lost: {output}"
    code, output = _visit(stage, raw)
    if code or output != "kept\n":
        yield f"the site does not answer: {code} {output}"


def _visit(stage: Stage, raw: RawEngine) -> tuple[int, str]:
    """Ask the site for its page, for as long as a server that was just started may take to listen."""
    # Not wget: the image's can neither look names up nor wait for a limited time.
    request = r"printf 'GET /mark HTTP/1.0\r\n\r\n' | nc -w 5 web 80 | tail -n 1"
    deadline = time.monotonic() + LISTENING
    while True:
        code, output = raw.execute(f"{stage.stack}-db-1", "sh", "-c", request)
        if "Connection refused" not in output or time.monotonic() > deadline:
            return code, output


def faults_after(stage: Stage, raw: RawEngine, before: str, after: str) -> list[str]:
    """What is wrong once the turn from one state to another was taken up again by a second run."""
    return list(after_destroy(stage, raw) if after == GONE else after_apply(stage, raw, before, after))


def anonymous_volumes(raw: RawEngine) -> set[str]:
    """The anonymous volumes that no container has."""
    found = raw.get("/volumes", filters={"dangling": ["true"]})["Volumes"] or ()
    return {item["Name"] for item in found if re.fullmatch("[0-9a-f]{64}", item["Name"])}


def left_behind(raw: RawEngine, stack: str, dangling_before: set[str]) -> list[str]:
    """What a run that was hindered left beside the objects of the stack: locks, and volumes that nobody has."""
    names = [item["Name"] for item in raw.get("/volumes")["Volumes"] or ()]
    locks = [name for name in names if name.startswith(f"{PREFIX}{stack}")]
    return [f"left behind: {name}" for name in (*locks, *sorted(anonymous_volumes(raw) - dangling_before))]


def untrue(report: Report, raw: RawEngine) -> list[str]:
    """Where the engine is not as a report says that its actions left it; what failed may stand either way."""
    claims = _Claims()
    for outcome in (*report.outcomes.values(), *report.undone):
        claims.take(outcome)
    faults = [text for ref, claim in claims.of_containers.items() if (text := _contradicted(raw, ref, claim))]
    for (kind, ref), there in claims.of_others.items():
        if (raw.find(f"/{kind}/{ref}") is not None) is not there:
            faults.append(f"{kind} {ref} is {'not ' if there else ''}there")
    faults += [f"a fault of ours: {item.message}" for item in report.outcomes.values() if _OURS.match(item.message)]
    faults += [f"failed without a word: {item.action.key}" for item in _failed(report) if not item.message]
    return faults


def _failed(report: Report) -> list[Outcome]:
    return [item for item in report.outcomes.values() if item.status is Status.FAILED]


def _contradicted(raw: RawEngine, ref: str, claim: dict[str, str]) -> str:
    found = raw.find(f"/containers/{ref}/json")
    said = claim.get("state", "")
    if found is None:
        return "" if said == "gone" else f"container {ref} is not there; the report says {claim}"
    if said == "gone":
        return f"container {ref} is still there"
    state, name = found["State"]["Status"], found["Name"].lstrip("/")
    if said and (state == "running") is not (said == "running"):
        return f"container {name} is {state}; the report says {said}"
    return f"container {name} should be called {claim['name']}" if claim.get("name", name) != name else ""


class _Claims:
    """What a report says of objects, by the ID or name that its actions use for them."""

    def __init__(self) -> None:
        self.of_containers: dict[str, dict[str, str]] = {}
        self.of_others: dict[tuple[str, str], bool] = {}

    def take(self, outcome: Outcome) -> None:
        """Take in one outcome; they come in the order of events."""
        action = outcome.action
        if outcome.status in (Status.SKIPPED, Status.CANCELLED):
            return
        done = outcome.status is Status.DONE
        match action:
            case act.CreateContainer(name=ref):
                self.of_containers[ref] = {}
            case act.StartContainer(container=ref):
                self._say(ref, done, state="running")
            case act.StopContainer(container=ref):
                self._say(ref, done, state="stopped")
            case act.RemoveContainer(container=ref):
                self._say(ref, done, state="gone")
            case act.RenameContainer(container=ref, new_name=name):
                # What had that name before is not what has it now.
                self.of_containers.pop(name, None)
                self._say(ref, done, name=name)
            case act.CreateNetwork(name=name) | act.CreateVolume(name=name) if done:
                self.of_others["networks" if isinstance(action, act.CreateNetwork) else "volumes", name] = True
            case act.RemoveNetwork(network=ref) if done:
                self.of_others["networks", ref] = False
        if not done and isinstance(action, act.CreateContainer | act.ContainerAction):
            ref = action.container if isinstance(action, act.ContainerAction) else action.name
            self.of_containers.pop(ref, None)

    def _say(self, ref: str, done: bool, **claim: str) -> None:
        if done:
            self.of_containers.setdefault(ref, {}).update(claim)
