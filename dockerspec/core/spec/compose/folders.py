"""Relative paths of a Compose file made absolute, by the folder of the file that has them.

Callers: `layers`, for a service that another file's extends, and `loading`, for a whole project. Limits: which paths
are local is told by their look, as Compose does; nothing is read.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

from dockerspec.core.spec.compose.shapes import text_node
from dockerspec.core.spec.compose.trees import at, change, put, text
from dockerspec.core.spec.nodes import Mapping, Node, Scalar

_REMOTE_STARTS = ("git@", "github.com/", "service:")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def is_remote(path: str) -> bool:
    """Whether a file of the project is elsewhere: in a repository or a registry."""
    return "://" in path or path.startswith(("git@", "github.com/", "oci:"))


@dataclass(frozen=True, slots=True)
class Folder:
    """What relative paths start from.

    Attributes:
        path: the absolute folder.
        home: the home folder, for `~`; empty where it is not known.
    """

    path: str
    home: str = ""

    def absolute(self, path: str) -> str:
        """Make a path absolute."""
        if path.startswith("~"):
            return posixpath.normpath(posixpath.join(self.home or "/", path[1:].lstrip("/")))
        if posixpath.isabs(path):
            return path
        return posixpath.normpath(posixpath.join(self.path, path))

    def _local(self, node: Node) -> Node:
        return self._moved(node, lambda path: "://" in path or path.startswith(_REMOTE_STARTS))

    def _plain(self, node: Node) -> Node:
        return self._moved(node, lambda _path: False)

    def _moved(self, node: Node, apart: Callable[[str], bool]) -> Node:
        if not isinstance(node, Scalar) or apart(node.text):
            return node
        path = self.absolute(node.text)
        return node if path == node.text else text_node(path, node)

    def _mount(self, node: Node) -> Node:
        source = text(node, "source")
        if not isinstance(node, Mapping) or text(node, "type") != "bind" or not source or source.startswith("\\\\"):
            return node
        if _DRIVE.match(source):
            return node
        return put(node, source=text_node(self.absolute(source), node.values["source"]))

    def service(self, service: Node) -> Node:
        """Resolve the paths of one service."""
        for path, step in (
            (("build", "context"), self._local),
            (("build", "additional_contexts", "*"), self._local),
            (("env_file", "*", "path"), self._plain),
            (("label_file", "*"), self._plain),
            (("extends", "file"), self._plain),
            (("develop", "watch", "*", "path"), self._plain),
            (("volumes", "*"), self._mount),
        ):
            if isinstance(service, Mapping) and path[0] in service.values:
                service = change(service, path, step)
        return service

    def _volume(self, volume: Node) -> Node:
        """A volume of the driver `local` that is a bind mount has a path for its device."""
        options = at(volume, "driver_opts")
        device = text(options, "device")
        if not device or text(volume, "driver") != "local" or text(options, "o") != "bind":
            return volume
        return change(volume, ("driver_opts", "device"), self._plain)

    def project(self, top: Mapping) -> Mapping:
        """Resolve the paths of a whole project."""
        resolved: Node = top
        for path, step in (
            (("services", "*"), self.service),
            (("volumes", "*"), self._volume),
            (("configs", "*", "file"), self._plain),
            (("secrets", "*", "file"), self._plain),
        ):
            resolved = change(resolved, path, step)
        assert isinstance(resolved, Mapping)
        return resolved
