"""Stacks in which order and time matter: chains of dependencies, servers that are updated. As specs and Compose files.

Callers: chains, updates. As in `stacks`, both forms have word for word the same containers.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.stacks import LABEL

_HEALTH = "interval: 200ms, timeout: 5s, retries: 50"
"""A check that is over at once; on a busy machine it may take its time without being called a failure."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Containers in the words that a spec and a Compose file share.

    Attributes:
        name: the stack's or project's name.
        containers: the entries, indented by two.
    """

    name: str
    containers: str

    def spec(self) -> str:
        """The text of the dockerspec spec."""
        return f"dockerspec: 1\nstack: {self.name}\ncontainers:\n{self.containers}"

    def compose(self) -> str:
        """The text of the Compose file."""
        return f"name: {self.name}\nservices:\n{self.containers}"


def chain(name: str, depth: int, image: str, *, grace: int = 0) -> Stage:
    """Containers each of which waits until the one before is healthy.

    Args:
        name: the stack's name.
        depth: how many.
        image: an image with a shell.
        grace: the seconds after which each is killed when it is stopped; they all ignore the stop signal.
    """
    return Stage(name, "".join(_link(name, number, image, grace) for number in range(1, depth + 1)))


def links(name: str, depth: int) -> list[str]:
    """The names of a chain's containers, from the first that starts to the last."""
    return [f"{name}-c{number}-1" for number in range(1, depth + 1)]


def _link(name: str, number: int, image: str, grace: int) -> str:
    waits = f"    depends_on: {{c{number - 1}: {{condition: service_healthy}}}}\n" if number > 1 else ""
    return (
        f"  c{number}:\n"
        f"    image: {image}\n"
        # The first process of a container ignores the signals that it does not handle.
        "    command: [sleep, '86400']\n"
        "    network_mode: bridge\n"
        f"    labels: {{{LABEL}: {name}}}\n"
        f"    stop_grace_period: {grace}s\n"
        f"    healthcheck: {{test: [CMD, 'true'], {_HEALTH}}}\n"
        f"{waits}"
    )


def published(name: str, image: str, port: int, version: int, *, prompt: bool) -> Stage:
    """One web server behind a port of the host.

    Args:
        name: the stack's name.
        image: an image with busybox.
        port: the port of the loopback address.
        version: another one makes another container.
        prompt: whether it ends at once when it is stopped; otherwise it serves no more then, but takes its whole grace,
            a second.
    """
    serve = f"trap 'killall httpd; {'exit' if prompt else 'sleep 9'}' TERM; httpd -f -h /www & wait"
    return Stage(
        name,
        "  web:\n"
        f"    image: {image}\n"
        f'    command: [sh, -c, "mkdir /www; echo up >/www/index.html; {serve}"]\n'
        "    network_mode: bridge\n"
        f"    labels: {{{LABEL}: {name}, bench.version: '{version}'}}\n"
        f"    ports: ['127.0.0.1:{port}:80']\n"
        "    stop_grace_period: 1s\n",
    )


def shared(name: str, server: str, small: str, version: int) -> Stage:
    """A web server that ends what it has begun when it is stopped, and a container beside it for a client to be in.

    Args:
        name: the stack's name.
        server: the image of nginx.
        small: an image with `sleep`.
        version: another one makes another server.
    """
    return Stage(
        name,
        "  web:\n"
        f"    image: {server}\n"
        "    stop_signal: SIGQUIT\n"
        f"    labels: {{{LABEL}: {name}, bench.version: '{version}'}}\n"
        f"    healthcheck: {{test: 'wget -q -O /dev/null http://127.0.0.1/healthz', {_HEALTH}}}\n"
        "  client:\n"
        f"    image: {small}\n"
        "    command: [sleep, '86400']\n"
        f"    labels: {{{LABEL}: {name}}}\n"
        "    stop_grace_period: 0s\n",
    )
