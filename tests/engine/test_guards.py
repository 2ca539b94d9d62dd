"""Guards, `--replace` and `--exclude` on real engines, through the command line as a CI job has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.conftest import Run
from tests.kit.raw import RawEngine

HEAD = """
dockerspec: 1
stack: {stack}
volumes: {{data: {{}}}}
containers:
  web: {{image: "{image}", command: [sleep, "999"], stop_grace_period: 0s, networks: [front]}}
networks: {{front: {{}}}}
"""
OLD = '  old: {{image: "{image}", command: [sleep, "999"], stop_grace_period: 0s, networks: [front]}}\n'
SITE = HEAD.replace("networks: {{front", OLD + "networks: {{front")


@pytest.fixture
def write(tmp_path: Path, stack_name: str, busybox: str) -> Callable[[str], None]:
    def put(text: str, folder: str = ".") -> None:
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "stack.yaml").write_text(text.format(stack=stack_name, image=busybox))

    return put


def test_a_stack_under_guard(run: Run, write: Callable[..., None], raw: RawEngine, stack_name: str) -> None:
    """One story: up, made anew on request, an orphan, another spec of the same name, and the end."""

    def ids() -> dict[str, str]:
        return {item["Names"][0].lstrip("/"): item["Id"] for item in raw.containers(dockerspec_stack=stack_name)}

    web, old = f"{stack_name}-web-1", f"{stack_name}-old-1"
    write(SITE)
    assert run("apply", "--yes").returncode == 0
    first = ids()
    assert set(first) == {web, old}
    assert run("plan", "--detailed-exitcode").returncode == 0

    anew = run("apply", "--yes", "--replace", "web", "--exclude", "old")
    assert anew.returncode == 0, anew.stderr
    assert "asked for with --replace" in anew.stdout
    second = ids()
    assert second[old] == first[old]
    assert second[web] != first[web]
    assert run("apply", "--yes", "--replace", "network.front").returncode == 0
    assert ids() == second
    assert run("plan", "--detailed-exitcode").returncode == 0

    write(HEAD)
    refused = run("apply", "--yes")
    assert refused.returncode == 3
    assert (
        f"--allow service-down: these run, and nothing takes their place:\n      container.old ({old})"
        in refused.stderr
    )
    assert ids() == second
    assert run("apply", "--yes", "--exclude", "old").returncode == 0
    assert ids() == second
    assert run("plan", "-o", "shop.plan").returncode == 0
    assert run("apply", "shop.plan").returncode == 3
    assert run("plan", "-o", "shop.plan", "--allow", "service-down").returncode == 0
    assert run("apply", "shop.plan").returncode == 0
    assert set(ids()) == {web}

    write(HEAD.replace("  web:", "  other:"), "elsewhere")  # the same network and volume, and another container
    other = run("apply", "elsewhere/stack.yaml", "--yes", "--allow", "service-down")
    assert other.returncode == 3
    assert "--allow stack-takeover" in other.stderr
    assert f"container.web ({web}): it was made from " in other.stderr
    assert run("destroy", "elsewhere/stack.yaml", "--yes").returncode == 3
    assert set(ids()) == {web}

    done = run("destroy", "--yes", "--allow", "volume-delete")
    assert done.returncode == 0, done.stderr
    assert ids() == {}
    assert raw.find(f"/volumes/{stack_name}_data") is None


def _labels(raw: RawEngine, name: str) -> dict[str, str]:
    labels: dict[str, str] = raw.container(name)["Config"]["Labels"]
    return labels


def test_a_copy_of_a_container_is_not_removed_by_a_yes(
    run: Run, write: Callable[..., None], raw: RawEngine, stack_name: str, busybox: str
) -> None:
    """Tools that duplicate a container take its labels along."""
    write(HEAD)
    assert run("apply", "--yes").returncode == 0
    [web] = raw.containers(dockerspec_stack=stack_name)
    labels = _labels(raw, f"{stack_name}-web-1")
    raw.run(f"{stack_name}-copy", {"Image": busybox, "Cmd": ["sleep", "9"], "Labels": labels})
    refused = run("apply", "--yes")
    assert refused.returncode == 3
    assert f"container.web ({stack_name}-copy): it has the labels of another container" in refused.stderr
    assert len(raw.containers(dockerspec_stack=stack_name)) == 2
    assert run("apply", "--yes", "--allow", "foreign").returncode == 0
    assert [item["Id"] for item in raw.containers(dockerspec_stack=stack_name)] == [web["Id"]]
