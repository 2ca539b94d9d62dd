"""The package as a user gets it: wheel and sdist build, install alone, and give the command."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TIME = 240


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
        timeout=TIME,
    )
    return folder


@pytest.mark.timeout(TIME + 60)
@pytest.mark.xdist_group("package")
def test_wheel_and_sdist_hold_what_they_should(dist: Path) -> None:
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    names = zipfile.ZipFile(wheel).namelist()
    assert "dockerspec/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith("tests/")]
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {"README.md", "CHANGELOG.md", "LICENSE", "schemas/stack.schema.json"} <= inside


@pytest.mark.timeout(TIME + 60)
@pytest.mark.xdist_group("package")
def test_the_installed_package_gives_the_command(dist: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    run = home / "bin"
    subprocess.run([run / "pip", "install", "-q", str(wheel)], check=True, capture_output=True, timeout=TIME)
    spec = tmp_path / "stack.yaml"
    spec.write_text("dockerspec: 1\ncontainers: {web: {image: nginx}}\n")
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    for command in ([run / "dockerspec"], [run / "python", "-m", "dockerspec"]):
        done = subprocess.run(
            [*command, "validate", str(spec)], cwd=tmp_path, env=clean, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
