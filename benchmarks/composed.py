"""Reading Compose files: dockerspec and Compose as whole processes, and how the time grows with the file.

Callers: cases. The engine takes no part.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.measure import BenchmarkError, processor_time, rounds, timed
from benchmarks.peers import compose_program, dockerspec
from benchmarks.table import Aim, Case

SERVICES = 200
MANY = 2000
CONFIG_AIM = 1.0
"""Reading a file may take no longer than Compose takes."""
GROWTH_AIM = 12.0
"""Ten times the services may take this many times as long: linear, and something for the machine's caches."""

_OURS = "dockerspec config -q"
_THEIRS = "docker compose config -q"

_SERVICE = """\
  web{n}:
    <<: *base
    image: nginx:${{TAG:-1.27}}
    environment: {{LOG: info, PORT: "{n}", URL: "http://web{n}:${{PORT:-80}}/"}}
    ports: ["{port}:80", "127.0.0.1:{second}:443/tcp"]
    volumes: ["data{n}:/data", "./conf:/etc/conf:ro"]
    networks: [front, back]
    labels: [team=shop, "number={n}"]
    healthcheck: {{test: "wget -q -O /dev/null http://localhost || exit 1", interval: 30s, retries: 3}}
    deploy: {{resources: {{limits: {{cpus: "0.5", memory: 128M}}}}}}
    depends_on: [{before}]
"""


def project(count: int) -> str:
    """A Compose file of services that use what files of people use, each dependent on the one before.

    Args:
        count: how many services.
    """
    services = "".join(
        _SERVICE.format(n=number, port=10000 + number, second=20000 + number, before=f"web{number - 1}" * (number > 0))
        for number in range(count)
    )
    volumes = "".join(f"  data{number}:\n" for number in range(count))
    base = "x-base: &base {restart: unless-stopped, init: true, logging: {options: {max-size: 10m}}}\n"
    return f"name: big\n{base}services:\n{services}networks: {{front: , back: }}\nvolumes:\n{volumes}"


def composed(bench: Bench) -> Iterator[Case]:
    """A Compose file of 200 services as whole processes, and in a running program beside one of 2,000."""
    from dockerspec.api import load

    few, many = (bench.file(f"compose.{count}.yaml", project(count)) for count in (SERVICES, MANY))
    for path in (few, many):
        if load([path]).diagnostics:
            raise BenchmarkError(f"{path} has faults")
    bench.say(f"reading a Compose file of {SERVICES} services: dockerspec, Compose")
    ours, theirs = dockerspec("config", "-q", few), (compose_program(), "-f", few, "config", "-q")
    found = rounds(bench.effort.starts, {_OURS: lambda: bench.run(*ours), _THEIRS: lambda: bench.run(*theirs)})
    title = f"A Compose file of {SERVICES} services, read and checked"
    yield Case(title, found, _THEIRS, Aim(_OURS, CONFIG_AIM))
    yield Case(f"{title}: processor time", tuple(map(processor_time, found)), _THEIRS, Aim(_OURS, CONFIG_AIM))
    bench.say(f"reading Compose files of {SERVICES} and {MANY} services in a running program")
    small, large = (f"load(), {count:,} services" for count in (SERVICES, MANY))
    grown = rounds(
        bench.effort.starts, {small: lambda: timed(lambda: load([few])), large: lambda: timed(lambda: load([many]))}
    )
    yield Case("Compose files, read and validated in a running program", grown, small, Aim(large, GROWTH_AIM))
