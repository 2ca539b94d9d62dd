"""The spec model of hooks. Called by model_container.py."""

from dockerspec.core.spec.forms import AbsolutePath, Bool, SpecModel, Text, key, needed
from dockerspec.core.spec.model_parts import Environment
from dockerspec.core.spec.model_update import Words


class Hook(SpecModel):
    """A command around the container's start or stop."""

    command: Words = needed("The program and its arguments; no shell reads them.", ["nginx", "-t"], "sh /seed.sh")
    user: Text | None = key(None, "User, UID, or USER:GROUP that runs it; the container's own by default.", "root")
    privileged: Bool = key(False, "Whether it gets all capabilities; false by default.", True)
    working_dir: AbsolutePath | None = key(None, "Folder that it starts in; the container's own by default.", "/srv")
    environment: Environment = key({}, "Variables beside the container's own.", {"LOG_LEVEL": "debug"})
