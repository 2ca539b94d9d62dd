"""What becomes of the keys of `deploy` in a container of dockerspec's own. Tables only. Callers: stacks, convert."""

from __future__ import annotations

RESOURCES = {
    ("limits", "cpus"): "cpus",
    ("limits", "memory"): "mem_limit",
    ("limits", "pids"): "pids_limit",
    ("reservations", "memory"): "mem_reservation",
}
"""The container's keys by those below `resources`."""

ROLLOUT = {
    "order": "order",
    "parallelism": "parallelism",
    "delay": "delay",
    "failure_action": "on_failure",
    "max_failure_ratio": "max_failure_ratio",
}
"""The keys of `update` by those of `update_config`."""

CONDITIONS = {"none": "no", "on-failure": "on-failure", "any": "always"}
"""The words of `restart` by those of `restart_policy.condition`."""
