"""Control characters can't repaint the terminal, and Markdown stays text."""

from __future__ import annotations

from tests.unit.render.samples import change, field, plan

VALUE = plan(
    change(
        "container.web",
        "replace",
        "\x1b[2Ja | b `c` <script> @someone #1",
        field("labels.a\nb", "\x1b]0;title\x07", "tab\there\r\u202eabc\x9b1m"),
        field("labels.fence", "```", "````\n```"),
        field("labels.lone", None, "\ud800"),
    )
)
