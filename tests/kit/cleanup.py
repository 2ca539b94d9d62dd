"""Remove what a test or the demo made on an engine, and nothing else. Callers: the test fixtures, the demo."""

from __future__ import annotations

import time
from typing import Any

from tests.kit.raw import RawEngine, RawError

STACK_LABEL = "dockerspec.stack"
STACK_LABELS = (STACK_LABEL, "dockerspec.mark.stack")
SECONDS = 10.0


def remove_stack(raw: RawEngine, stack: str) -> None:
    """Remove containers, networks, volumes and images that belong to `stack`.

    Those are the ones with the label of that stack, and the ones named `STACK`, `STACK-...`, `STACK_...`, or
    `STACK/...` for images.
    """
    for item in raw.get("/containers/json", all=True):
        if _belongs(stack, item.get("Labels"), *(name.lstrip("/") for name in item["Names"])):
            _delete(raw, f"/containers/{item['Id']}", force=True, v=True)
    # A configuration goes after the networks that are made from it.
    for item in sorted(raw.get("/networks"), key=lambda item: bool(item.get("ConfigOnly"))):
        if _belongs(stack, item.get("Labels"), item["Name"]):
            _delete(raw, f"/networks/{item['Id']}")
    for item in raw.get("/volumes")["Volumes"] or ():
        if _belongs(stack, item.get("Labels"), item["Name"]):
            _delete(raw, f"/volumes/{item['Name']}", force=True)
    for item in raw.get("/images/json", all=False):
        for tag in item.get("RepoTags") or ():
            if _belongs(stack, None, tag):
                _delete(raw, f"/images/{tag}", force=True)


def _belongs(stack: str, labels: Any, *names: str) -> bool:
    if any((labels or {}).get(label) == stack for label in STACK_LABELS):
        return True
    return any(name == stack or name.startswith((f"{stack}-", f"{stack}_", f"{stack}/")) for name in names)


def _delete(raw: RawEngine, path: str, **query: Any) -> None:
    """Delete until the engine agrees that it is gone: it may still be at it, or only just done with a user of it."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            raw.delete(path, **query)
        except RawError as error:
            if error.status == 404:
                return
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
