"""Trying what `update.wait` asks for beside the engine's own word: the log, a port, a request, a command.

Caller: wait, which asks again until all hold. What fails for good raises; all else is a clause that says what is
missing, for the message once time is up.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from dockerspec.core.live.reach import Place, only_port, places, shares_with
from dockerspec.core.ready import CommandSucceeds, HttpAnswers, LogSays, PortOpen, Probe
from dockerspec.engine.protocol import Engine
from dockerspec.errors import Conflict, EngineError, NotFound
from dockerspec.runtime.clock import Clock
from dockerspec.runtime.execute.command import run_command
from dockerspec.runtime.execute.failure import ActionFailed
from dockerspec.runtime.place import engine_host

Json = Any

TRY = 5.0
"""Seconds that one try of a port or a request may take."""

_SILENCE = 0.1
"""Seconds for which a relayed connection must stay open to count: a relay that finds nobody closes it at once."""
_SHOWN = 300
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OVER = ("exited", "restarting", "dead", "removing")
_EARLY = timedelta(milliseconds=250)
_LONG_BEFORE = timedelta(seconds=10)
_NOTHING = timedelta(0)


class Prober:
    """The probes of one wait."""

    def __init__(self, engine: Engine, clock: Clock, probes: tuple[Probe, ...], stopped: Callable[[], bool]) -> None:
        """Prepare; nothing is tried before `missing`."""
        self._engine = engine
        self._clock = clock
        self._probes = probes
        self._stopped = stopped
        self._host = engine_host(engine.endpoint)
        self._answers: dict[tuple[str, ...], str] = {}
        self._logs = {probe.pattern: _Log(engine, probe.pattern) for probe in probes if isinstance(probe, LogSays)}

    def missing(self, container: Json, name: str, left: float) -> str:
        """What does not hold yet, as a clause; empty if all does.

        Args:
            container: its inspect answer.
            name: what messages call it.
            left: seconds until time is up.

        Raises:
            ActionFailed: a probe can't ever hold.
            Cancelled: the run was stopped.
            EngineError: the engine can't be asked.
        """
        for probe in self._probes:
            lack = self._try(probe, container, name, max(left, 0.1))
            if lack:
                return lack
        return ""

    def _try(self, probe: Probe, container: Json, name: str, left: float) -> str:
        match probe:
            case LogSays(pattern):
                said = self._logs[pattern].said(container)
                return "" if said else f"no line of its log matches '{pattern}'"
            case PortOpen(port):
                return _port(self._places(container, name, port), port, min(left, TRY))
            case HttpAnswers():
                port = probe.port or self._only_port(container, name)
                return _request(self._places(container, name, port)[0], probe, min(left, TRY))
            case CommandSucceeds(command):
                return self._command(command, container, left)

    def _only_port(self, container: Json, name: str) -> int:
        port = only_port(container)
        if isinstance(port, str):
            raise ActionFailed(f"{name} can't be sent a request: {port}", hint="write update.wait.http.port")
        return port

    def _places(self, container: Json, name: str, port: int) -> list[Place]:
        owner = container
        while ident := shares_with(owner):
            owner = self._engine.container(ident)
        found = places(owner, port, self._host)
        if isinstance(found, str):
            raise ActionFailed(
                f"port {port} of {name} can't be tried from here: {found}",
                hint="publish it, or wait for a command in the container: update.wait.command",
            )
        return found

    def _command(self, command: tuple[str, ...], container: Json, left: float) -> str:
        try:
            ended = run_command(
                self._engine,
                container["Id"],
                {"Cmd": list(command)},
                clock=self._clock,
                timeout=left,
                stopped=self._stopped,
            )
        except (Conflict, NotFound):
            return "its command could not be run, since it had no process"  # the next look at it says more
        said = f": {_short(ended.output)}" if ended.output else ""
        if ended.code is None:
            # Time was up in the middle of a try; what came of the one before says more.
            return self._answers.get(command) or f"its command {command[0]} was still running{said}"
        if not ended.code:
            return ""
        self._answers[command] = f"its command {command[0]} ended with exit status {ended.code}{said}"
        return self._answers[command]


class _Log:
    """A container's log since its present start, read on from where it was read before."""

    def __init__(self, engine: Engine, pattern: str) -> None:
        self._engine = engine
        self._pattern = re.compile(pattern)
        self._run = ""
        self._since = ""
        self._said = False

    def said(self, container: Json) -> bool:
        """Whether a line has matched since the container's present start."""
        state = container["State"]
        if state["StartedAt"] != self._run:
            self._run, self._since, self._said = state["StartedAt"], _beginning(state), False
        if self._said:
            return True
        try:
            text = self._engine.container_logs(container["Id"], tail=None, since=self._since, stamped=True)
        except EngineError as fault:
            if "does not support reading" not in fault.message:
                raise
            raise ActionFailed(
                f"its log can't be read: {fault.message}", hint="set another logging.driver, or wait for something else"
            ) from None
        lines = [line.partition(" ") for line in text.splitlines()]
        if lines:
            self._since = _moment(lines[-1][0]) or self._since
        self._said = any(self._pattern.search(line) for _, _, line in lines)
        return self._said


def _beginning(state: Json) -> str:
    """From which moment on the log is of the present run.

    The engine notes the start a little after the process has begun to write, and on a busy machine a second after; the
    end it takes from containerd, which knows better: a short run may have ended before it is said to have begun.
    """
    ended = _parsed(state.get("FinishedAt") or "")
    started = _parsed(state.get("StartedAt") or "")
    if ended is None or started is None or ended.year == 1:
        return ""  # its first run
    if state.get("Status") in _OVER:
        return _seconds(min(started, ended) - _EARLY)  # the end is the present run's
    between = started - ended
    return _seconds(started - (min(between / 2, _LONG_BEFORE) if between > _NOTHING else _EARLY))


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _seconds(moment: datetime) -> str:
    whole = moment - _EPOCH
    return f"{whole.days * 86400 + whole.seconds}.{whole.microseconds:06d}000"


def _moment(stamp: str) -> str:
    """A line's moment as a `since` value, to the nanosecond; empty for what is none."""
    moment = _parsed(stamp)
    if moment is None:
        return ""
    fraction = stamp.partition(".")[2].removesuffix("Z").partition("+")[0]
    return f"{_seconds(moment).partition('.')[0]}.{fraction.ljust(9, '0')[:9]}"


def _port(found: list[Place], port: int, timeout: float) -> str:
    """What is wrong with a port; empty if something listens there.

    Where a relay of the engine's accepted the connection and closed it at once, the container's own address decides.
    """
    lack = ""
    for place in found:
        lack = _connection(place, timeout)
        if not lack or not place.relayed or not lack.endswith(_CLOSED):
            break
    return f"port {port}: {lack}" if lack else ""


_CLOSED = "closed the connection at once"


def _connection(place: Place, timeout: float) -> str:
    try:
        with socket.create_connection((place.host, place.port), timeout) as link:
            if not place.relayed:
                return ""
            link.settimeout(_SILENCE)
            try:
                return "" if link.recv(1) else f"{place} {_CLOSED}"
            except TimeoutError:
                return ""
    except ConnectionResetError:
        return f"{place} {_CLOSED}"
    except OSError as fault:
        return f"{place}: {_reason(fault)}"


def _reason(fault: OSError) -> str:
    if isinstance(fault, TimeoutError):
        return "no answer in time"
    return (fault.strerror or str(fault)).lower()


def _request(place: Place, probe: HttpAnswers, timeout: float) -> str:
    """What is wrong with the answer to a request; empty if it will do."""
    # Loaded by those who need them only: a plan does not.
    import http.client
    import ssl

    link: http.client.HTTPConnection
    if probe.scheme == "https":
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        link = http.client.HTTPSConnection(place.host, place.port, timeout=timeout, context=trusting)
    else:
        link = http.client.HTTPConnection(place.host, place.port, timeout=timeout)
    what = f"{probe.method} {probe.scheme}://{place}{probe.path}"
    try:
        link.request(probe.method, probe.path, headers={"User-Agent": "dockerspec", **probe.headers})
        answer = link.getresponse()
        if any(first <= answer.status <= last for first, last in probe.statuses):
            return ""
        body = _short(answer.read(_SHOWN).decode(errors="replace"))
        return f"{what} was answered with {answer.status} {answer.reason}".rstrip() + (f": {body}" if body else "")
    except http.client.HTTPException as fault:
        return f"{what} was not answered in HTTP ({type(fault).__name__})"
    except OSError as fault:
        return f"{what}: {_reason(fault)}"
    except ValueError as fault:
        raise ActionFailed(f"{what} can't be sent: {fault}", hint="correct update.wait.http") from None
    finally:
        link.close()


def _short(text: str) -> str:
    """The end of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"...{line[-_SHOWN:]}"
