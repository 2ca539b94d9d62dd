"""Lists and mappings: on one line where they fit, item by item where they don't."""

from __future__ import annotations

from tests.unit.render.samples import change, field, plan

COMMAND = ("redis-server", "--port", "6379", "--save", "60 1", "--appendonly", "no", "--loglevel", "warning")
PORTS = {f"{port}/tcp": (str(port),) for port in range(8080, 8090)}
VALUE = plan(
    change(
        "container.web",
        "replace",
        "spec changed",
        field("cap_add", (), ("NET_ADMIN",)),
        field("command", COMMAND, (*COMMAND[:2], "6380", *COMMAND[3:6], "yes", *COMMAND[7:])),
        field("dns", ("1.1.1.1",), ()),
        field("entrypoint", None, tuple(f"argument-{number:02}" for number in range(9))),
        field("ports", PORTS, {**PORTS, "8080/tcp": ("80",), "9090/udp": ("127.0.0.1:9090",)}),
    )
)
