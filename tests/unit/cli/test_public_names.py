"""The public names: sorted, complete, and each where it says."""

from __future__ import annotations

import pytest

import dockerspec
from dockerspec import errors


def test_names_are_sorted_and_listed() -> None:
    assert dockerspec.__all__ == sorted(dockerspec.__all__)
    assert set(dockerspec.__all__) <= set(dir(dockerspec))


@pytest.mark.parametrize("name", dockerspec.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(dockerspec, name) is getattr(dockerspec, name)


def test_every_error_is_public() -> None:
    own = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert own <= set(dockerspec.__all__)


def test_other_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        dockerspec.nonsense  # noqa: B018 - the look-up is what is tested
