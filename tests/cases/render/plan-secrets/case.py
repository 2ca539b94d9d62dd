"""A hidden value, and a secret that an engine or a label lets out."""

from __future__ import annotations

from dockerspec.core.diff.change import HIDDEN
from tests.unit.render.samples import change, field, plan

VALUE = plan(
    change(
        "container.web",
        "replace",
        "the engine said: hunter22 is no password",
        field("environment.PASSWORD", HIDDEN, HIDDEN),
        field("labels.note", "none", 'it is hunter22, as JSON s\u00fc"\u00df'),
        field("labels.hunter22", None, "x", note="hunter22"),
    )
)
OPTIONS = {"mask": frozenset({"hunter22", 's\u00fc"\u00df', "as"})}
