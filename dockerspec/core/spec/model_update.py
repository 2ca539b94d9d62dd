"""The spec model of how a container changes: what counts as ready, and how a change is rolled out.

Called by model_container.py.
"""

from typing import Literal

from dockerspec.core.spec.forms import Count, Duration, Ratio, SpecModel, key


class UpdatePolicy(SpecModel):
    """How a change of the container is rolled out."""

    order: Literal["start-first", "stop-first"] | None = key(
        None,
        "Which is first: the new container ready, or the old one stopped. By default the former, start-first,"
        " unless there is something that only one can have.",
        "start-first",
    )
    parallelism: Count = key(1, "How many replicas are replaced at a time; 1 by default, 0 means all of them.", 2)
    delay: Duration | None = key(None, "Pause between one batch of replicas and the next.", "10s")
    max_failure_ratio: Ratio = key(0.0, "The share of replicas that may fail; 0 by default.", 0.25)
    on_failure: Literal["rollback", "pause", "continue"] = key(
        "rollback",
        "What follows a failure: the replicas that were replaced come back, the rest is left alone, or it goes on.",
        "pause",
    )
    wait: Literal["running", "healthy"] | None = key(
        None, "State of the new container that counts as success; healthy where it has a check.", "healthy"
    )
    timeout: Duration | None = key(None, "Time to wait for that state.", "60s")
