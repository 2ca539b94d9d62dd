"""The grammars of scalars: what each reads, what each refuses and in which words, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dockerspec.core import values
from dockerspec.core.values import ImageRef

Reader = Callable[[Any], Any]

SECOND = 1_000_000_000
LONG = "x" * 300


def port(
    target: int, published: str | None = None, host_ip: str | None = None, protocol: str = "tcp"
) -> dict[str, object]:
    return {"target": target, "published": published, "host_ip": host_ip, "protocol": protocol}


def bind(source: str, target: str, **more: object) -> dict[str, object]:
    return {"type": "bind", "source": source, "target": target, **more}


def volume(source: str | None, target: str, **more: object) -> dict[str, object]:
    return {"type": "volume", "source": source, "target": target, **more}


READ: list[tuple[Reader, object, object]] = [
    (values.parse_size, 0, 0),
    (values.parse_size, 1024, 1024),
    (values.parse_size, "1024", 1024),
    (values.parse_size, "1b", 1),
    (values.parse_size, "1B", 1),
    (values.parse_size, "64k", 64 << 10),
    (values.parse_size, "64kb", 64 << 10),
    (values.parse_size, "64KiB", 64 << 10),
    (values.parse_size, "512m", 512 << 20),
    (values.parse_size, "512M", 512 << 20),
    (values.parse_size, "512 MB", 512 << 20),
    (values.parse_size, "1.5g", 3 << 29),
    (values.parse_size, "0.1g", 107374182),
    (values.parse_size, "2tb", 2 << 40),
    (values.parse_size, "1p", 1 << 50),
    (values.parse_size, " 8m ", 8 << 20),
    (values.parse_size, "9223372036854775807", 2**63 - 1),
    (values.parse_size_or_unlimited, -1, -1),
    (values.parse_size_or_unlimited, "-1", -1),
    (values.parse_size_or_unlimited, "1g", 1 << 30),
    (values.parse_duration, 0, 0),
    (values.parse_duration, "0", 0),
    (values.parse_duration, "0s", 0),
    (values.parse_duration, "5s", 5 * SECOND),
    (values.parse_duration, "1m30s", 90 * SECOND),
    (values.parse_duration, "500ms", SECOND // 2),
    (values.parse_duration, "1.5h", 5400 * SECOND),
    (values.parse_duration, "1h2m3s4ms5us6ns", 3723004005006),
    (values.parse_duration, "7µs", 7000),
    (values.parse_duration, "1d", 86400 * SECOND),
    (values.parse_duration, "1w", 7 * 86400 * SECOND),
    (values.parse_duration, "0.1s", SECOND // 10),
    (values.parse_microseconds, 50000, 50000),
    (values.parse_microseconds, "50000", 50000),
    (values.parse_microseconds, "50ms", 50000),
    (values.parse_microseconds, 0, 0),
    (values.parse_quota, -1, -1),
    (values.parse_quota, "-1", -1),
    (values.parse_quota, "50ms", 50000),
    (values.parse_port, 80, [port(80)]),
    (values.parse_port, "80", [port(80)]),
    (values.parse_port, "80/udp", [port(80, protocol="udp")]),
    (values.parse_port, "80/UDP", [port(80, protocol="udp")]),
    (values.parse_port, "8080:80", [port(80, "8080")]),
    (values.parse_port, "127.0.0.1:8080:80/udp", [port(80, "8080", "127.0.0.1", "udp")]),
    (values.parse_port, "[::1]:8080:80", [port(80, "8080", "::1")]),
    (values.parse_port, "[0:0::1]:8080:80/sctp", [port(80, "8080", "::1", "sctp")]),
    (values.parse_port, "127.0.0.1::80", [port(80, None, "127.0.0.1")]),
    (values.parse_port, "8080-8081:80", [port(80, "8080-8081")]),
    (values.parse_port, "8000-8002:80-82", [port(80, "8000"), port(81, "8001"), port(82, "8002")]),
    (values.parse_port, "80-81", [port(80), port(81)]),
    (values.parse_port, "8080-8080:80", [port(80, "8080")]),
    (values.parse_port_range, 8080, (8080, 8080)),
    (values.parse_port_range, "8080-8081", (8080, 8081)),
    (values.parse_expose, "80", ("80/tcp",)),
    (values.parse_expose, 53, ("53/tcp",)),
    (values.parse_expose, "3000-3001/udp", ("3000/udp", "3001/udp")),
    (values.parse_mount, "/cache", volume(None, "/cache")),
    (values.parse_mount, "data:/data", volume("data", "/data")),
    (values.parse_mount, "data:/data:ro", volume("data", "/data", read_only=True)),
    (values.parse_mount, "data:/data:nocopy", volume("data", "/data", volume={"nocopy": True})),
    (values.parse_mount, "./conf:/etc/conf:ro", bind("./conf", "/etc/conf", read_only=True)),
    (values.parse_mount, "../conf:/etc", bind("../conf", "/etc")),
    (values.parse_mount, ".:/app", bind(".", "/app")),
    (values.parse_mount, "~/x:/x", bind("~/x", "/x")),
    (values.parse_mount, "/a:/b:rw", bind("/a", "/b", read_only=False)),
    (
        values.parse_mount,
        "/a:/b:ro,Z,rslave",
        bind("/a", "/b", read_only=True, bind={"selinux": "Z", "propagation": "rslave"}),
    ),
    (values.parse_mount, "data:/b:z", volume("data", "/b", bind={"selinux": "z"})),
    (values.parse_mount, "/a:/b:cached", bind("/a", "/b", consistency="cached")),
    (values.parse_mount, r"C:\data:/data", bind(r"C:\data", "/data")),
    (values.parse_mount, r"c:/data:/data:ro", bind("c:/data", "/data", read_only=True)),
    (values.parse_mount, r"C:\data:D:\data:ro", bind(r"C:\data", r"D:\data", read_only=True)),
    (
        values.parse_mount,
        r"\\.\pipe\docker:/pipe",
        {"type": "npipe", "source": r"\\.\pipe\docker", "target": "/pipe"},
    ),
    (values.parse_tmpfs, "/run", ("/run", "")),
    (values.parse_tmpfs, "/run:size=64m,mode=1777", ("/run", "size=64m,mode=1777")),
    (values.parse_restart, "no", {"name": "no"}),
    (values.parse_restart, False, {"name": "no"}),
    (values.parse_restart, "always", {"name": "always"}),
    (values.parse_restart, "on-failure", {"name": "on-failure"}),
    (values.parse_restart, "on-failure:3", {"name": "on-failure", "max_retries": 3}),
    (values.parse_ulimit, 1024, {"soft": 1024, "hard": 1024}),
    (values.parse_ulimit, "1024", {"soft": 1024, "hard": 1024}),
    (values.parse_ulimit, "1024:-1", {"soft": 1024, "hard": -1}),
    (values.parse_device, "/dev/a", {"source": "/dev/a", "target": "/dev/a", "permissions": "rwm"}),
    (values.parse_device, "/dev/a:/dev/b", {"source": "/dev/a", "target": "/dev/b", "permissions": "rwm"}),
    (values.parse_device, "/dev/a:/dev/b:r", {"source": "/dev/a", "target": "/dev/b", "permissions": "r"}),
    (values.parse_device, "/dev/a:rw", {"source": "/dev/a", "target": "/dev/a", "permissions": "rw"}),
    (values.parse_signal, "SIGTERM", "SIGTERM"),
    (values.parse_signal, "term", "SIGTERM"),
    (values.parse_signal, 9, "9"),
    (values.parse_signal, "15", "15"),
    (values.parse_signal, "RTMIN+3", "SIGRTMIN+3"),
    (values.parse_cpus, 2, 2.0),
    (values.parse_cpus, "0.5", 0.5),
    (values.parse_cpus, ".5", 0.5),
    (values.parse_ratio, 0, 0.0),
    (values.parse_ratio, ".25", 0.25),
    (values.parse_ratio, 1, 1.0),
    (values.parse_cpuset, "0-2,4", "0-2,4"),
    (values.parse_cpuset, 3, "3"),
    (values.parse_int, "12", 12),
    (values.parse_int, -3, -3),
    (values.parse_mode, 0o1777, 0o1777),
    (values.parse_mode, "1777", 0o1777),
    (values.parse_mode, "0o755", 0o755),
    (values.parse_bool, "true", True),
    (values.parse_bool, "False", False),
    (values.parse_ip, "10.0.0.5", "10.0.0.5"),
    (values.parse_ip, "fd00:0::5", "fd00::5"),
    (values.parse_ip, "[::1]", "::1"),
    (values.parse_cidr, "10.0.0.0/24", "10.0.0.0/24"),
    (values.parse_cidr, "fd00:0::/64", "fd00::/64"),
    (values.parse_mac, "02-42-AC-11-00-02", "02:42:ac:11:00:02"),
    (values.parse_extra_host, "db:10.0.0.5", "db:10.0.0.5"),
    (values.parse_extra_host, "db=10.0.0.5", "db:10.0.0.5"),
    (values.parse_extra_host, "db:::1", "db:::1"),
    (values.parse_extra_host, "db=[fd00::1]", "db:fd00::1"),
    (values.parse_extra_host, "gw:host-gateway", "gw:host-gateway"),
    (values.parse_extra_hosts, {"a": "10.0.0.1", "b": ["10.0.0.2", "::1"]}, ["a=10.0.0.1", "b=10.0.0.2", "b=::1"]),
    (values.parse_pairs, ["A=1", "B", "C=x=y", "D="], {"A": "1", "B": None, "C": "x=y", "D": ""}),
    (values.parse_pairs, {"A": 1, "B": True, "C": None, "D": 1.5}, {"A": "1", "B": "true", "C": None, "D": "1.5"}),
    (values.parse_texts, ["A=1", "B"], {"A": "1", "B": ""}),
    (values.parse_names, ["a", "b"], {"a": None, "b": None}),
    (values.parse_names, {"a": 1}, {"a": 1}),
    (values.parse_environment, {"A": "x"}, {"A": "x"}),
]


@pytest.mark.parametrize(("reader", "text", "expected"), READ)
def test_reads(reader: Reader, text: object, expected: object) -> None:
    assert reader(text) == expected


REFUSED: list[tuple[Reader, object, str]] = [
    (
        values.parse_size,
        "512x",
        "'512x' is no size; write bytes or a number with k, m, g or t, such as 512m or 1.5g",
    ),
    (values.parse_size, "", "'' is no size; "),
    (values.parse_size, "m", "'m' is no size; "),
    (values.parse_size, 1.5, "1.5 is no size; "),
    (values.parse_size, True, "True is no size; "),
    (values.parse_size, None, "None is no size; "),
    (values.parse_size, -5, "the size -5 is negative; write a size such as 512m or 1.5g"),
    (values.parse_size, "-1", "'-1' is no size; "),
    (values.parse_size, "9999999999g", "the size '9999999999g' is larger than the engine can hold; "),
    (values.parse_size, "٣m", "'٣m' is no size; "),
    (values.parse_size, LONG, "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' is no size; "),
    (values.parse_size_or_unlimited, -2, "the size -2 is negative; "),
    (values.parse_duration, 30, "the duration 30 lacks its unit; write 30s for seconds"),
    (values.parse_duration, "30", "the duration '30' lacks its unit; write 30s for seconds"),
    (values.parse_duration, "5x", "'5x' is no duration; write numbers with units, such as 500ms, 30s or 1m30s"),
    (values.parse_duration, "s", "'s' is no duration; "),
    (values.parse_duration, "", "'' is no duration; "),
    (values.parse_duration, "-5s", "'-5s' is no duration; "),
    (values.parse_duration, "1m 30s", "'1m 30s' is no duration; "),
    (values.parse_duration, 1.5, "1.5 is no duration; "),
    (values.parse_duration, False, "False is no duration; "),
    (values.parse_duration, "9999999h", "the duration '9999999h' is longer than 292 years; write a shorter one"),
    (values.parse_microseconds, -1, "the time -1 is negative; write microseconds or a duration such as 50ms"),
    (values.parse_microseconds, "50 ms", "'50 ms' is no duration; "),
    (values.parse_quota, -2, "the time -2 is negative; write microseconds or a duration such as 50ms"),
    (values.parse_port, 0, "the port 0 does not exist; write a number from 1 to 65535"),
    (values.parse_port, "70000:80", "the port 70000 does not exist; "),
    (values.parse_port, "x", "'x' is no port; write a number or a range, such as 8080 or 8080-8081"),
    (values.parse_port, ":80", "':80' lacks the host port before the colon; "),
    (values.parse_port, "", "'' is no port mapping; "),
    (values.parse_port, "80:", "'80:' is no port mapping; "),
    (values.parse_port, True, "True is no port mapping; "),
    (values.parse_port, "80/tpc", "'tpc' is no protocol; write tcp, udp or sctp, such as 80/udp"),
    (values.parse_port, "::1:8080:80", "'::1:8080:80' is no port mapping; put an IPv6 address in brackets"),
    (values.parse_port, "localhost:8080:80", "'localhost' is no IP address; write one such as 10.0.0.5"),
    (values.parse_port, "8081-8080:80", "the port range 8081-8080 runs backwards; write 8080-8081"),
    (
        values.parse_port,
        "8000-8002:80-81",
        "'8000-8002:80-81' maps 3 host ports onto 2 container ports; "
        "write ranges of the same length, or a single container port",
    ),
    (values.parse_expose, "x", "'x' is no port; "),
    (values.parse_mount, "data", "'data' names no path in the container; write data:/path/in/the/container"),
    (values.parse_mount, "./data", "'./data' has no target; write ./data:/path/in/the/container"),
    (values.parse_mount, "data:data", "the target 'data' is not absolute; write a path such as /data"),
    (values.parse_mount, "conf/x:/x", "'conf/x' is no volume's name; for a folder write ./conf/x"),
    (values.parse_mount, "a:/x", "'a:/x' is no mount; a volume's name has two or more characters"),
    (values.parse_mount, "data:/x:nocpy", "'nocpy' is no mount option; did you mean 'nocopy'?"),
    (values.parse_mount, "data:/x:qqq", "'qqq' is no mount option; write one of ro, rw, z, "),
    (values.parse_mount, "data:/x:rslave", "the option rslave works on a bind mount only; "),
    (values.parse_mount, "./x:/x:nocopy", "the option nocopy works on a volume only; "),
    (values.parse_mount, "a:b:c:d", "'a:b:c:d' is no mount; "),
    (values.parse_mount, ":/x", "':/x' is no mount; "),
    (values.parse_mount, "", "'' is no mount; "),
    (values.parse_mount, "./a\n:/x", "'./a\\n:/x' is no mount; "),
    (values.parse_tmpfs, "run", "'run' is no tmpfs mount; "),
    (values.parse_restart, "sometimes", "'sometimes' is no restart policy; write no, always, unless-stopped, on-fa"),
    (values.parse_restart, True, "True is no restart policy; "),
    (values.parse_restart, "always:3", "'always:3' is no restart policy; "),
    (values.parse_restart, "on-failure:x", "'x' is no number of restarts; write one such as on-failure:3"),
    (values.parse_ulimit, "lots", "'lots' is no limit; write a number, or {soft: 1024, hard: 2048}"),
    (values.parse_device, "ttyUSB0", "'ttyUSB0' is no device; "),
    (values.parse_device, "/dev/a:/dev/b:x", "'x' are no device permissions; write r, w and m, such as rw or rwm"),
    (values.parse_device, "/dev/a:/dev/b:rr", "'rr' are no device permissions; "),
    (values.parse_device, "/dev/a:b:r", "the target in '/dev/a:b:r' is not absolute; "),
    (values.parse_signal, "SIGFOO", "'SIGFOO' is no signal; write a name such as SIGTERM, or a number from 1 to 64"),
    (values.parse_signal, 65, "65 is no signal; "),
    (values.parse_signal, 0, "0 is no signal; "),
    (values.parse_cpus, 0, "there can't be 0 processors; write a number such as 0.5 or 2"),
    (values.parse_cpus, "many", "'many' is no number of processors; "),
    (values.parse_cpus, float("nan"), "there can't be nan processors; "),
    (values.parse_cpus, 10**400, "there can't be 1000000000"),
    (values.parse_ratio, 1.5, "1.5 is no share of a whole; "),
    (values.parse_ratio, "half", "'half' is no share; "),
    (values.parse_ratio, True, "True is no share; "),
    (values.parse_cpuset, "0..2", "'0..2' is no set of processors; "),
    (values.parse_int, "two", "'two' is no whole number; write one such as 3"),
    (values.parse_int, 1.5, "1.5 is no whole number; "),
    (values.parse_int, True, "True is no whole number; "),
    (values.parse_mode, "0888", "'0888' are no permission bits; "),
    (values.parse_mode, 0o10000, "4096 are no permission bits; "),
    (values.parse_bool, "yes", "'yes' is neither true nor false; write one of the two"),
    (values.parse_bool, 1, "1 is neither true nor false; "),
    (values.parse_ip, "10.0.0", "'10.0.0' is no IP address; write one such as 10.0.0.5"),
    (values.parse_ip, 5, "5 is no IP address; "),
    (values.parse_cidr, "10.0.0.0", "'10.0.0.0' is no subnet; write one such as 10.0.0.0/24"),
    (
        values.parse_cidr,
        "10.0.0.5/24",
        "'10.0.0.5/24' is an address within a subnet; write the subnet itself, 10.0.0.0/24",
    ),
    (values.parse_mac, "02:42", "'02:42' is no MAC address; "),
    (values.parse_extra_host, "db", "'db' is no hosts entry; write HOST:IP, "),
    (values.parse_extra_host, "db:nas", "'nas' is no IP address; "),
    (values.parse_pairs, "A=1", "this is no mapping or list of KEY=VALUE; write KEY: VALUE lines below the key"),
    (values.parse_pairs, ["=secret"], "entry 1 of the list has no key; write KEY=VALUE"),
    (values.parse_pairs, [{"A": 1}], "entry 1 of the list has no key; "),
    (values.parse_pairs, ["A=1", "A=2"], "the key 'A' stands in the list twice; remove one of them"),
    (values.parse_environment, {"A=B": "c"}, "a variable's name is empty or holds a =; write NAME: VALUE"),
    (values.parse_environment, {"": "c"}, "a variable's name is empty or holds a =; "),
    (values.parse_names, ["a", "a"], "the name 'a' stands in the list twice; remove one of them"),
    (values.parse_names, [{"a": 1}], "the list may hold names only; "),
    (values.check_container_name, "a", "the engine takes no object named 'a'; "),
    (values.check_container_name, "-ab", "the engine takes no object named '-ab'; "),
    (values.check_resource_name, "a b", "'a b' can't name an object of the spec; "),
    (values.check_stack_name, "Shop", "'Shop' can't name a stack; write small letters, digits, _ or -, "),
    (values.check_target, "srv", "the target 'srv' is not absolute; "),
]


@pytest.mark.parametrize(("reader", "text", "message"), REFUSED)
def test_refuses_with_a_word_on_what_to_write(reader: Reader, text: object, message: str) -> None:
    with pytest.raises(ValueError, match="; ") as caught:
        reader(text)
    assert str(caught.value).startswith(message)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("value", "version", "message"),
    [
        ("::1", 4, "::1 is an IPv6 address; write an IPv4 one such as 10.0.0.5"),
        ("10.0.0.1", 6, "10.0.0.1 is an IPv4 address; write an IPv6 one such as fd00::5"),
        ("x", 6, "'x' is no IPv6 address; write one such as fd00::5"),
    ],
)
def test_an_address_of_the_wrong_version_is_refused(value: str, version: int, message: str) -> None:
    with pytest.raises(ValueError, match="address") as caught:
        values.parse_ip(value, version)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0b"),
        (1, "1b"),
        (1000, "1000b"),
        (1024, "1k"),
        (536870912, "512m"),
        (3 << 29, "1536m"),
        (1 << 30, "1g"),
        (1 << 50, "1p"),
        (-1, "-1"),
    ],
)
def test_sizes_are_written_in_the_largest_unit_that_loses_nothing(size: int, text: str) -> None:
    assert values.format_size(size) == text


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1500, "1.5us"),
        (500_000_000, "500ms"),
        (1_500_000, "1.5ms"),
        (SECOND, "1s"),
        (3 * SECOND // 2, "1.5s"),
        (90 * SECOND, "1m30s"),
        (3600 * SECOND, "1h"),
        (5400 * SECOND, "1h30m"),
        (3600 * SECOND + 1, "1h0.000000001s"),
        (-90 * SECOND, "-1m30s"),
    ],
)
def test_durations_are_written_without_loss(duration: int, text: str) -> None:
    assert values.format_duration(duration) == text


DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "name", "tag", "digest", "familiar"),
    [
        ("redis", "docker.io/library/redis", None, None, "redis"),
        ("redis:7", "docker.io/library/redis", "7", None, "redis:7"),
        ("docker.io/library/redis:7", "docker.io/library/redis", "7", None, "redis:7"),
        ("index.docker.io/redis", "docker.io/library/redis", None, None, "redis"),
        ("team/app", "docker.io/team/app", None, None, "team/app"),
        ("registry:5000/app:1", "registry:5000/app", "1", None, "registry:5000/app:1"),
        ("localhost/app", "localhost/app", None, None, "localhost/app"),
        ("registry.example/a/b/c:1", "registry.example/a/b/c", "1", None, "registry.example/a/b/c:1"),
        ("[::1]:5000/app:1", "[::1]:5000/app", "1", None, "[::1]:5000/app:1"),
        (f"app@{DIGEST}", "docker.io/library/app", None, DIGEST, f"app@{DIGEST}"),
        (f"app:1@{DIGEST}", "docker.io/library/app", "1", DIGEST, f"app:1@{DIGEST}"),
        (DIGEST, "", None, DIGEST, DIGEST),
        ("docker.io/a.b/c", "docker.io/a.b/c", None, None, "docker.io/a.b/c"),
        ("library/a/b", "docker.io/library/a/b", None, None, "docker.io/library/a/b"),
        ("a__b/c-d.e", "docker.io/a__b/c-d.e", None, None, "a__b/c-d.e"),
    ],
)
def test_image_references_are_taken_apart(
    text: str, name: str, tag: str | None, digest: str | None, familiar: str
) -> None:
    ref = ImageRef.parse(text)
    assert (ref.name, ref.tag, ref.digest, ref.familiar, str(ref)) == (name, tag, digest, familiar, familiar)
    assert values.parse_image(text) == text


@pytest.mark.parametrize(
    ("text", "expected"), [("redis", "redis:latest"), ("redis:7", "redis:7"), (f"a@{DIGEST}", f"a@{DIGEST}")]
)
def test_the_default_tag_is_latest(text: str, expected: str) -> None:
    assert str(ImageRef.parse(text).with_default_tag()) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is no image reference; write one such as redis:7"),
        ("Redis", "the image's name in 'Redis' has capital letters; write redis"),
        ("team/App:1", "the image's name in 'team/App:1' has capital letters; write team/app"),
        ("redis:", "the tag '' is malformed; "),
        ("redis:a b", "the tag 'a b' is malformed; "),
        ("redis@sha256:12", "the digest in 'redis@sha256:12' is malformed; "),
        ("re dis", "'re dis' is no image reference; "),
        ("a//b", "'a//b' is no image reference; "),
        ("-x", "'-x' is no image reference; "),
        ("http://x/y", "'http://x/y' is no image reference; "),
        ("a" * 300, "the image's name 'aaaaaaaaaaa"),
    ],
)
def test_malformed_image_references_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=";") as caught:
        values.parse_image(text)
    assert str(caught.value).startswith(message)


def test_a_wrong_pair_never_quotes_its_value() -> None:
    with pytest.raises(ValueError, match="no key") as caught:
        values.parse_pairs(["OK=1", "=hunter2"])
    assert "hunter2" not in str(caught.value)
