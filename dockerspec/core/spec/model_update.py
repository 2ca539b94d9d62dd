"""The spec model of how a container changes: what counts as ready, and how a change is rolled out.

Called by model_container.py.
"""

from typing import Literal

from dockerspec.core.spec.forms import Duration, SpecModel, key


class UpdatePolicy(SpecModel):
    """How a change of the container is rolled out."""

    wait: Literal["running", "healthy"] | None = key(
        None, "State of the new container that counts as success; healthy where it has a check.", "healthy"
    )
    timeout: Duration | None = key(None, "Time to wait for that state.", "60s")
