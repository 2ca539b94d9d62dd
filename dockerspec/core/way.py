"""How the engine can carry a field from its old value to the new one."""

from __future__ import annotations

from enum import StrEnum


class Way(StrEnum):
    """The ways, the gentlest first; all but `REPLACE` leave the object's identity as it is."""

    NONE = "none"  # nothing on the engine needs to change
    STATE = "state"  # start, stop, unpause
    RESTART = "restart"  # stop and start
    RENAME = "rename"
    UPDATE = "update"  # the engine's update call
    NETWORK = "network"  # disconnecting and connecting
    TAG = "tag"  # an image's tag
    REPLACE = "replace"  # the object is made anew
