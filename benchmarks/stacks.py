"""The same containers three times over: as our spec, as a Compose file, and as bodies for the engine's create call.

Callers: cases, peers. Every container has the keys that real ones have (environment, labels, a memory limit, a restart
policy); what it runs sleeps, so that the figures are about managing containers and not about what is in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LABEL = "bench.workload"
"""The label of everything that a benchmark makes, whoever made it."""
_COMMAND = ("sleep", "86400")
_MEMORY = 64 << 20
_LONG_HEAD = """\
dockerspec: 1
stack: long
variables:
  tag: "1.4"
networks:
  front: {}
volumes:
  data: {}
containers:
"""


@dataclass(frozen=True, slots=True)
class Workload:
    """A number of like containers.

    Attributes:
        name: the stack's or project's name, and the value of `LABEL`.
        count: how many containers.
        image: the reference of an image that is on the engine.
        network_mode: `bridge` or `none`.
    """

    name: str
    count: int
    image: str
    network_mode: str = "bridge"

    def spec(self) -> str:
        """The text of the dockerspec spec."""
        return f"dockerspec: 1\nstack: {self.name}\ncontainers:\n{self._entries()}"

    def compose(self) -> str:
        """The text of the Compose file."""
        return f"name: {self.name}\nservices:\n{self._entries()}"

    def bodies(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The name and the create body of each container."""
        for number in range(1, self.count + 1):
            yield f"{self.name}-{_key(number)}-1", self._body(number)

    def _entries(self) -> str:
        """The containers in the words that both formats share."""
        return "".join(self._entry(number) for number in range(1, self.count + 1))

    def _entry(self, number: int) -> str:
        environment = "".join(f"      {key}: {value!r}\n" for key, value in _environment(number).items())
        labels = "".join(f"      {key}: {value}\n" for key, value in self._labels(number).items())
        return (
            f"  {_key(number)}:\n"
            f"    image: {self.image}\n"
            f"    command: [{', '.join(repr(word) for word in _COMMAND)}]\n"
            f"    network_mode: {self.network_mode}\n"
            f"    environment:\n{environment}"
            f"    labels:\n{labels}"
            f"    mem_limit: {_MEMORY >> 20}m\n"
            "    restart: unless-stopped\n"
            "    stop_grace_period: 0s\n"
        )

    def _body(self, number: int) -> dict[str, Any]:
        return {
            "Image": self.image,
            "Cmd": list(_COMMAND),
            "Env": [f"{key}={value}" for key, value in _environment(number).items()],
            "Labels": self._labels(number),
            "StopTimeout": 0,
            "HostConfig": {
                "NetworkMode": self.network_mode,
                "Memory": _MEMORY,
                "RestartPolicy": {"Name": "unless-stopped"},
            },
        }

    def _labels(self, number: int) -> dict[str, str]:
        return {LABEL: self.name, "bench.role": f"worker-{number}"}


def long_spec(lines: int) -> str:
    """A spec of about so many lines, with the variety that long ones have: networks, volumes, ports, dependencies."""
    parts = [_LONG_HEAD]
    while sum(part.count("\n") for part in parts) < lines:
        parts.append(_long_entry(len(parts)))
    return "".join(parts)


def _long_entry(number: int) -> str:
    waits = f"    depends_on:\n      {_key(number - 1)}: {{condition: service_healthy}}\n" if number > 1 else ""
    return (
        f"  {_key(number)}:\n"
        "    image: shop/worker:${tag}\n"
        "    environment:\n"
        "      LOG_LEVEL: info\n"
        f"      WORKER: worker-{number}\n"
        "      TAG: ${tag}\n"
        "    ports:\n"
        f'      - "127.0.0.1:{20000 + number}:80"\n'
        "    networks: [front]\n"
        f"    volumes:\n      - data:/srv/{number}\n"
        "    healthcheck:\n"
        "      test: [CMD, check]\n"
        "      interval: 5s\n"
        "    mem_limit: 64m\n"
        "    restart: unless-stopped\n"
        f"{waits}"
    )


def _key(number: int) -> str:
    return f"c{number:03}"


def _environment(number: int) -> dict[str, str]:
    return {"LOG_LEVEL": "info", "WORKER": str(number), "UPSTREAM": "http://upstream.internal:8080/api"}
