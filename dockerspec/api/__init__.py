"""The public face: a Docker engine and the stacks on it. The one place that joins the stages.

from dockerspec import Docker, load

spec = load(["stack.yaml"])
with Docker() as docker:
    plan = docker.plan(spec)
    report = docker.apply(plan, spec=spec)
"""

from dockerspec.api.docker import Docker
from dockerspec.api.files import is_plan_file, load, open_plan
from dockerspec.runtime.execute import PARALLELISM

__all__ = ["PARALLELISM", "Docker", "is_plan_file", "load", "open_plan"]
