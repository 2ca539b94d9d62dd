"""`convert` over every Compose case and every spec of the repository: the meaning stays, there and back.

The judge is the desired state: what the engine would be asked for. The converter's own check is another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dockerspec.api import convert
from dockerspec.core.desired.build import World, build_desired
from dockerspec.core.desired.names import container_image, image_references, names_of
from dockerspec.core.diagnostics import Diagnostic, Severity
from dockerspec.core.facts import EngineFacts
from dockerspec.core.spec.convert.common import Converted
from dockerspec.core.spec.convert.editor import Editor
from dockerspec.core.spec.convert.layout import Layout, Shape
from dockerspec.core.spec.load import LoadResult, load
from dockerspec.core.spec.model import ContainerSpec, ImageSpec
from dockerspec.core.spec.source import SourceFile
from dockerspec.runtime.files import load_files
from tests import compose_cases
from tests.compose_cases import Case

ROOT = Path(__file__).parents[3]
SPECS = sorted(
    path
    for pattern in ("specs/**/*.yaml", "tests/cases/plan/*/*.yaml", "tests/cases/load/*/spec.yaml")
    for path in ROOT.glob(pattern)
    if path.name not in ("drift.yaml", "options.yaml")
)
ENGINE = EngineFacts("28.5.2", api=(1, 51))
SHARED = ("network_mode", "ipc", "pid", "uts", "cgroup")
UNKNOWN_TO_COMPOSE = "Compose has no word for "


def errors(found: Sequence[Converted]) -> list[Diagnostic]:
    return [fault for item in found for fault in item.diagnostics if fault.severity is Severity.ERROR]


def again(before: LoadResult, texts: Sequence[str], stem: str) -> LoadResult:
    """Load converted texts as if they stood where the first ones do."""
    origin = before.origin
    assert origin is not None
    folder = origin.files[0].folder
    files = [
        SourceFile(f"{stem}.yaml" if not at else f"{stem}.{at}.yaml", text, folder) for at, text in enumerate(texts)
    ]
    return load(files, origin.variables, origin.reader, replace(origin.choices, name=""))


def dependencies(spec: ContainerSpec) -> set[str]:
    """What must be there first, said or implied."""
    modes = [getattr(spec, name) or "" for name in SHARED]
    implied = [mode.removeprefix("service:") for mode in modes if mode.startswith("service:")]
    implied += [
        text.partition(":")[0] for text in (*spec.links, *spec.volumes_from) if not text.startswith("container:")
    ]
    return {*spec.depends_on, *implied}


def image(stack: str, key: str, spec: ImageSpec) -> Any:
    build = spec.build
    assert build is not None
    told = build.model_dump(exclude={"tags", "dockerfile"})
    dockerfile = build.dockerfile or ("" if build.dockerfile_inline else "Dockerfile")
    return told, dockerfile, image_references(spec) or (f"{stack}/{key}:latest",)


def asked_for(result: LoadResult) -> dict[str, Any]:
    """What the engine would be asked for, by the names that it knows; what nothing uses is left out."""
    stack = result.require()
    state, faults = build_desired(stack, World(ENGINE, builder="buildx", secrets=result.secrets))
    names = names_of(stack)
    found: dict[str, Any] = {"faults": sorted(fault.summary for fault in faults)}
    used: set[str] = set()
    for item in state.containers:
        spec = item.spec
        networks = dict(item.fields).get("networks") or {}
        used |= set(networks) | {names.volumes.get(mount.source or "", "") for mount in spec.volumes}
        fields = {key: value for key, value in item.fields.items() if key not in ("labels", "mounts")}
        own = stack.images.get(spec.image.from_ or "") if spec.image else None
        found[item.name] = {
            **fields,
            "image": container_image(spec, names),
            "labels": spec.labels,
            "mounts": sorted(map(repr, item.fields.get("mounts") or ())),
            "depends_on": dependencies(spec),
            "build": image(stack.stack, spec.image.from_ or "", own) if spec.image and own and own.build else None,
            "replicas": spec.replicas,
            "hooks": (spec.pre_start, spec.post_start, spec.pre_stop),
        }
    for resource in (*state.networks, *state.volumes):
        if resource.name in used:
            found[f"{resource.address}"] = (resource.name, {**resource.fields})
    return found


def assert_same(one: LoadResult, two: LoadResult, case: str, *, but: Sequence[str] = ()) -> None:
    """Both ask the engine for the same, apart from fields of some names."""
    left, right = asked_for(one), asked_for(two)
    assert left.keys() == right.keys(), case
    for name, value in left.items():
        if isinstance(value, dict):
            unlike = {key for key in value if value[key] != right[name].get(key)} - set(but)
            assert not unlike, f"{case}: {name}: {sorted(unlike)}"
        elif not but:
            assert value == right[name], f"{case}: {name}"


def loaded(case: Case, folder: Path) -> LoadResult:
    return compose_cases.loaded(case, case.write(folder))


def by_group() -> Iterator[Any]:
    for group in sorted({case.group for case in compose_cases.corpus()}):
        yield pytest.param([case for case in compose_cases.corpus() if case.group == group], id=group)


@pytest.mark.parametrize("cases", list(by_group()))
def test_a_compose_file_means_the_same_in_the_own_format_and_back(cases: list[Case], tmp_path: Path) -> None:
    told = 0
    for number, case in enumerate(cases):
        before = loaded(case, tmp_path / str(number))
        if before.stack is None:
            continue
        found = convert(before)
        if errors(found):
            assert all(fault.span for fault in errors(found)), case.ident
            found = convert(before, resolve=True)
            assert not errors(found), (case.ident, errors(found))
            assert_same(before, again(before, [found[0].text], "dockerspec"), case.ident)
            told += 1
            continue
        own = again(before, [item.text for item in found], "dockerspec")
        assert_same(before, own, case.ident)
        told += 1
        if len(found) > 1:
            continue
        back = convert(own)
        if errors(back):
            continue
        compose = again(own, [back[0].text], "compose")
        assert_same(before, compose, case.ident)
        if before.stack.containers:
            assert convert(compose)[0].text == found[0].text, case.ident
    assert told, "no case of the group can be converted"


def test_most_cases_convert(tmp_path: Path) -> None:
    """The property above says nothing of a converter that refuses everything."""
    plain = [case for case in compose_cases.corpus() if len(case.files) < 10 and case.group == "process"]
    found = [loaded(case, tmp_path / str(number)) for number, case in enumerate(plain)]
    good = [result for result in found if result.stack is not None]
    assert sum(not errors(convert(result)) for result in good) > 0.9 * len(good)


def test_every_spec_means_the_same_as_a_compose_file() -> None:
    refused = []
    for path in SPECS:
        before = load_files([path.name], cwd=path.parent, environ={"HOME": "/home/user"})
        if before.stack is None or before.compose is not None:
            continue
        found = convert(before)
        if errors(found):
            refused.append(path)
            continue
        lost = {fault.path.rpartition(".")[2] for fault in found[0].diagnostics if UNKNOWN_TO_COMPOSE in fault.summary}
        absent = any(spec.state != "running" for spec in before.stack.containers.values())
        if not absent:
            after = again(before, [found[0].text], "compose")
            assert_same(before, after, str(path), but=[*lost] if lost else ())
    assert len(refused) < 0.05 * len(SPECS), refused


def test_without_an_edit_a_text_stays_as_it_is(tmp_path: Path) -> None:
    for path in [*SPECS, *(ROOT / "tests/cases/convert").glob("*/*.yaml")]:
        if load_files([path.name], cwd=path.parent).document is None:
            continue
        text = path.read_bytes().decode().removeprefix("\ufeff")
        layout = Layout(path.name, text)
        assert Editor(layout).result() == text
        for part in layout.parts():
            assert 0 <= part.start <= part.content <= part.end or part.shape is Shape.ALIAS, path
            written = text[part.content : part.end]
            if part.shape is Shape.SCALAR and not part.style and "\n" not in written:
                assert written == part.text, (path, written)


def test_a_difference_is_an_error_and_not_a_warning(tmp_path: Path) -> None:
    """Relative paths of a spec start from its folder, those of a project from where the run says."""
    (tmp_path / "sub").mkdir()
    file = tmp_path / "sub" / "compose.yaml"
    file.write_text("name: p\nservices:\n  a:\n    image: x\n    volumes: [./data:/data]\n")
    before = load_files([str(file)], project_directory=str(tmp_path))
    [fault] = errors(convert(before))
    assert str(fault).startswith(f"{file}:5:14: services.a.volumes: ")
    assert "--resolve" in fault.fix
    assert not errors(convert(before, resolve=True))
    assert errors(convert(load_files([str(ROOT / "specs" / "minimal.yaml")]), resolve=True))
