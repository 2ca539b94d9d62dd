"""Long texts lose their middle, but never the place where they differ."""

from __future__ import annotations

from tests.unit.render.samples import change, field, plan

IMAGE = "images.example/team/a/very/long/path/that/goes/on/and/on/without/any/need/at/all/shop/web"
LONG = "x" * 150
VALUE = plan(
    change(
        "container.web",
        "replace",
        "spec changed",
        field("image", f"{IMAGE}:1.4.0", f"{IMAGE}:1.5.0"),
        field("labels.end", f"{LONG}-one", f"{LONG}-two"),
        field("labels.middle", f"{LONG}-one-{LONG}", f"{LONG}-two-{LONG}"),
        field("labels.wrapped", None, f"{LONG}"),
    )
)
