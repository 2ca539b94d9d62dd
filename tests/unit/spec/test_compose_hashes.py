"""Compose's digests of services: those of every key and form in the corpus, as Compose itself gives them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from ruamel.yaml import YAML

from dockerspec.core.spec.compose.hashes import service_hash
from dockerspec.core.spec.compose.show import shown
from dockerspec.runtime.files import load_files
from tests import compose_cases as parity

LEAST = 300


def alone(folder: Path) -> dict[str, str]:
    """The services of the corpus that both tools take by themselves, by a name of their own."""
    listed = parity.recorded()
    found = {}
    for number, case in enumerate(parity.corpus()):
        own = set(case.files) - {*parity.HELP_FILES, *parity.LABEL_FILES}
        if (
            own != {"compose.yaml"}
            or case.args
            or case.env
            or case.ident in listed
            or case.files["compose.yaml"] != parity.service(case.name)
        ):
            continue
        # What is in an env file is part of the labels' digest and not of that which `config --hash` prints.
        if "env_file" in case.files["compose.yaml"] or "container_name" in case.files["compose.yaml"]:
            continue
        place = case.write(folder / str(number))
        result = load_files(cwd=place, environ={"HOME": "/home/user"})
        if result.compose is not None and result.stack is not None:
            found[f"s{number}"] = case.files["compose.yaml"]
    return found


def test_digests_are_those_of_compose(tmp_path: Path) -> None:
    program = parity.require_program()
    yaml = YAML()
    yaml.preserve_quotes = True
    services = {name: yaml.load(text)["services"]["a"] for name, text in alone(tmp_path / "alone").items()}
    assert len(services) >= LEAST
    place = tmp_path / "together"
    place.mkdir()
    for name, text in {**parity.HELP_FILES, **parity.LABEL_FILES}.items():
        (place / name).write_text(text)
    with (place / "compose.yaml").open("w") as file:
        yaml.dump({"services": {"a": {"build": "."}, **services}}, file)
    env = {"PATH": os.environ["PATH"], "HOME": "/home/user"}
    done = subprocess.run(
        [str(program), "config", "--hash", "*"], cwd=place, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    theirs = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
    project = load_files(cwd=place, environ=env).compose
    assert project is not None
    ours = {name: service_hash(service) for name, service in shown(project, escape=False)["services"].items()}
    assert {name: (services.get(name), ours.get(name)) for name in theirs if ours.get(name) != theirs[name]} == {}
    assert theirs.keys() == ours.keys()
