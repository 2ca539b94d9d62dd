"""A client that asks a web server again and again, and tells what went wrong. Run as a program by `tests.kit.load`.

It goes on until its standard input ends, for `--seconds` at least and `LIMIT` seconds at most. It prints `ready` when
it has had its first answer, and a JSON object at the end. Nothing but the standard library: it may run in a container's
network.
"""

from __future__ import annotations

import argparse
import http.client
import json
import socket
import sys
import threading
import time
from collections import Counter
from itertools import pairwise
from socket import getaddrinfo

LIMIT = 90.0
READY_SECONDS = 30.0
CONNECT_SECONDS = 4.0
"""How long a connection may take at most. The first packet to a container that is only coming up is lost, and the
kernel sends it again after 1 s, and after 3 s; to an address that has just gone, none is answered."""
PAUSE = 0.001
"""Seconds between two requests of a client that asks as often as it can."""
PERSISTENCE = ("first", "all")
"""What a client does with several addresses of a name: it takes the first one; or it tries one after another until one
accepts its connection, as HTTP libraries do. What goes wrong on that connection is a failure for either."""


class NoAnswer(Exception):
    """A request that got no sound answer.

    Attributes:
        address: the server's address; empty where none was found.
        reset: whether the connection was accepted, and reset before any of an answer came.
    """

    def __init__(self, address: str, fault: Exception, step: str, *, begun: bool = False) -> None:
        self.address = address
        # That the server closed the connection in good order is a kind of reset to the library, and none here.
        cut = isinstance(fault, (ConnectionResetError, BrokenPipeError))
        self.reset = cut and not begun and not isinstance(fault, http.client.RemoteDisconnected)
        super().__init__(f"{address} {step}: {type(fault).__name__}: {fault}")


class Tally:
    """What became of the requests since an answer that came just now; threads share it. Times are in seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begin = time.monotonic()
        self._answered: list[tuple[float, float]] = []
        self._faults: Counter[str] = Counter()
        self._resets: Counter[str] = Counter()

    def answered(self, begin: float, end: float) -> None:
        """A request that got what it asked for."""
        with self._lock:
            self._answered.append((end, end - begin))

    def failed(self, fault: NoAnswer) -> None:
        """A request that did not."""
        with self._lock:
            self._faults[str(fault)] += 1
            if fault.reset:
                self._resets[fault.address] += 1

    def summary(self) -> dict[str, object]:
        """The numbers: those of `tests.kit.load.Served`."""
        with self._lock:
            ends = [self._begin, *sorted(end for end, _ in self._answered)]
            failed = sum(self._faults.values())
            return {
                "requests": len(self._answered) + failed,
                "failed": failed,
                "slowest": max((took for _, took in self._answered), default=0.0),
                "gap": max((after - before for before, after in pairwise(ends)), default=0.0),
                "faults": dict(self._faults.most_common(10)),
                "resets": dict(self._resets),
            }


def ask(host: str, port: int, timeout: float, persistence: str) -> None:
    """One look-up, then one connection and one request.

    Args:
        host: a name or an address.
        port: its port.
        timeout: seconds for each step; a connection takes `CONNECT_SECONDS` at most.
        persistence: one of `PERSISTENCE`.

    Raises:
        NoAnswer: there was no sound answer.
    """
    try:
        found = getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)
    except OSError as fault:
        raise NoAnswer("", fault, "look-up") from fault
    addresses = [str(address[0]) for *_, address in found]
    if persistence == "first":
        del addresses[1:]
    for address in addresses:
        connection = http.client.HTTPConnection(address, port, timeout=min(timeout, CONNECT_SECONDS))
        try:
            connection.connect()
        except OSError as fault:
            if address == addresses[-1]:
                raise NoAnswer(address, fault, "connection") from fault
            continue
        connection.sock.settimeout(timeout)
        _exchange(connection, address)
        return


def _exchange(connection: http.client.HTTPConnection, address: str) -> None:
    """Ask over a connection that was made, and close it. Raises NoAnswer."""
    response = None
    try:
        connection.request("GET", "/")
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise http.client.HTTPException(f"status {response.status}")
    except (OSError, http.client.HTTPException) as fault:
        raise NoAnswer(address, fault, "answer", begun=response is not None) from fault
    finally:
        connection.close()


def main(words: list[str]) -> int:
    """Ask as told by the arguments; 1 if no answer came in time to begin with."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--rate", type=float, default=0.0, help="requests a second; 0: one after another")
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--timeout", type=float, default=5.0)
    parser.add_argument("--persistence", choices=PERSISTENCE, default="all")
    options = parser.parse_args(words)
    ended = threading.Event()
    threading.Thread(target=_watch, args=(ended,), daemon=True).start()

    if not _ready(options):
        return 1
    tally = Tally()
    print("ready", flush=True)
    begin = time.monotonic()

    def one() -> bool:
        asked = time.monotonic()
        try:
            ask(options.host, options.port, options.timeout, options.persistence)
        except NoAnswer as fault:
            tally.failed(fault)
            return False
        tally.answered(asked, time.monotonic())
        return True

    def goes_on() -> bool:
        passed = time.monotonic() - begin
        return passed < LIMIT and (passed < options.seconds or not ended.is_set())

    if options.rate:
        threads, count = [], 0
        while goes_on():
            threads.append(threading.Thread(target=one))
            threads[-1].start()
            count += 1
            time.sleep(max(0.0, begin + count / options.rate - time.monotonic()))
        for thread in threads:
            thread.join()
    else:
        # An outage that is not over yet has no length: the last request is one with an answer.
        while not one() or goes_on():
            if time.monotonic() - begin > LIMIT:
                break
            time.sleep(PAUSE)
    print(json.dumps(tally.summary()))
    return 0


def _watch(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def _ready(options: argparse.Namespace) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            ask(options.host, options.port, options.timeout, options.persistence)
        except NoAnswer as fault:
            if time.monotonic() > deadline:
                print(f"no answer from {options.host}:{options.port}: {fault}", file=sys.stderr)
                return False
            time.sleep(0.05)
        else:
            return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
