"""The demo: one stack is made, damaged behind dockerspec's back, healed and removed, on a real engine.

Run it by `make demo`. It stops with an error at the first thing that is not as promised. `--keep` leaves the stack
running at the end.
"""

from __future__ import annotations

import argparse
import signal
import socket
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from stage import Cli, DemoError, engine, expect, fetch, note, prompt, say  # noqa: E402

from tests.kit import images  # noqa: E402
from tests.kit.cleanup import STACK_LABEL, remove_stack  # noqa: E402
from tests.kit.errors import KitError  # noqa: E402
from tests.kit.raw import RawEngine, RawError  # noqa: E402

STACK = "dockerspec-demo"
SPEC = "specs/demo/stack.yaml"
PORTS = (18080, 18081)
BASES = ("busybox", "nginx", "redis")


def main() -> int:
    """Run the demo; its exit status."""
    parser = argparse.ArgumentParser(description="dockerspec's demo on a real engine.")
    parser.add_argument("--keep", action="store_true", help="leave the stack running at the end")
    keep = parser.parse_args().keep
    started = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with engine(keep=keep) as raw:
            _check_stage(raw)
            try:
                _play(raw, keep=keep)
            finally:
                if not keep or sys.exc_info()[0]:
                    remove_stack(raw, STACK)
    except (DemoError, KitError, RawError, OSError) as error:
        print(f"\nDEMO FAILED: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; what the demo made is removed", file=sys.stderr)
        return 130
    say(f"Done in {time.monotonic() - started:.0f} s: every step did what it promised.")
    return 0


def _check_stage(raw: RawEngine) -> None:
    """Refuse to start where something of the user's is in the way."""
    for item in raw.get("/containers/json", all=True):
        name = item["Names"][0].lstrip("/")
        if name.startswith(f"{STACK}-") and item["Labels"].get(STACK_LABEL) != STACK:
            raise KitError(f"the container {name} is in the way, and not the demo's; rename or remove it")
    remove_stack(raw, STACK)
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise KitError(f"port {port} is in use, and the demo needs it: {error.strerror}") from error


def _play(raw: RawEngine, *, keep: bool) -> None:
    say("Base images, made from Debian packages: nothing is pulled from a registry")
    for name in BASES:
        note(images.ensure(raw, name, f"{STACK}/base-{name}:1"))
    cli = Cli(raw.host, ROOT)
    prompt(f"export DOCKER_HOST={raw.host}")
    _create(cli)
    _damage(raw)
    _heal(raw, cli)
    if keep:
        say(f"Left running, as asked. Remove it: dockerspec destroy {SPEC} --yes --delete-volume data")
    else:
        _destroy(raw, cli)


def _create(cli: Cli) -> None:
    say("A spec of four containers, three images, two networks and a volume")
    cli.run(f"validate {SPEC}")
    cli.run(f"plan {SPEC} --detailed-exitcode", status=2, shows=("web", "counter", "redis", "data", "front", "back"))
    cli.run(f"apply {SPEC} --yes")
    say("A second plan finds nothing to do")
    cli.run(f"plan {SPEC} --detailed-exitcode")
    say("Through both web servers and the counter to redis")
    for number, port in enumerate(PORTS, start=1):
        expect(fetch(port, "/visits") == f"visit number {number}\n", f"visit number {number} was expected")


def _damage(raw: RawEngine) -> None:
    say("Now somebody changes things by hand")
    prompt(f"docker update --memory 96m --memory-swap 192m {STACK}-redis-1")
    raw.post(f"/containers/{STACK}-redis-1/update", {"Memory": 96 << 20, "MemorySwap": 192 << 20})
    prompt(f"docker network disconnect {STACK}_back {STACK}-counter-1")
    back = _network_of(raw, f"{STACK}-counter-1", "back")
    raw.post(f"/networks/{back}/disconnect", {"Container": f"{STACK}-counter-1", "Force": True})
    prompt(f"docker kill {STACK}-web-2")
    raw.post(f"/containers/{STACK}-web-2/kill")
    prompt(f"docker rm -f {STACK}-web-1")
    raw.delete(f"/containers/{STACK}-web-1", force=True)


def _heal(raw: RawEngine, cli: Cli) -> None:
    before = {name: raw.container(f"{STACK}-{name}-1")["State"]["StartedAt"] for name in ("redis", "counter")}
    say("The plan names every change, and why")
    cli.run(
        f"plan {SPEC} --detailed-exitcode",
        status=2,
        shows=("redis", "mem_limit", "counter", "networks", "web"),
    )
    cli.run(f"status {SPEC}")
    say("apply puts it right, and restarts nothing that need not")
    cli.run(f"apply {SPEC} --yes")
    cli.run(f"plan {SPEC} --detailed-exitcode")
    after = {name: raw.container(f"{STACK}-{name}-1")["State"]["StartedAt"] for name in before}
    expect(before == after, "redis and counter should have run on")
    note("redis and counter ran on: the memory limit and the network were changed live.")
    expect(fetch(PORTS[0], "/visits") == "visit number 3\n", "visit number 3 was expected")
    expect(fetch(PORTS[1], "/visits") == "visit number 4\n", "visit number 4 was expected")
    cli.run(f"status {SPEC}")


def _destroy(raw: RawEngine, cli: Cli) -> None:
    say("destroy removes the stack, but no data")
    cli.run(f"destroy {SPEC} --yes")
    expect(raw.containers(dockerspec_stack=STACK) == [], "no container should be left")
    expect(len(_volumes(raw)) == 1, "the volume should have stayed")
    prompt(f"docker volume ls --filter label={STACK_LABEL}={STACK}")
    print("\n".join(_volumes(raw)), flush=True)
    say("unless the volume is named")
    cli.run(f"destroy {SPEC} --yes --delete-volume data")
    expect(_volumes(raw) == [], "the volume should be gone")


def _volumes(raw: RawEngine) -> list[str]:
    found = raw.get("/volumes", filters={"label": [f"{STACK_LABEL}={STACK}"]})["Volumes"] or ()
    return [item["Name"] for item in found]


def _network_of(raw: RawEngine, container: str, name: str) -> str:
    attached = raw.container(container)["NetworkSettings"]["Networks"]
    return next(str(network) for network in attached if network.endswith(name))


if __name__ == "__main__":
    sys.exit(main())
