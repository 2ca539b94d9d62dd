"""`deploy` of a service -> the keys of a container that say the same, in the order in which they were written.

Callers: `services`.
"""

from __future__ import annotations

from dockerspec.core.spec.compose.deploying import CONDITIONS, RESOURCES, ROLLOUT
from dockerspec.core.spec.convert.common import Work
from dockerspec.core.spec.convert.editor import Note, Pair, Piece
from dockerspec.core.spec.convert.layout import Entry, Part, Shape
from dockerspec.core.spec.convert.scalars import Scalars
from dockerspec.core.spec.texts import TEXT_RULE

_SECTIONS = frozenset({("resources",), ("resources", "limits"), ("resources", "reservations")})
_MOVED: dict[tuple[str, ...], str] = {
    ("replicas",): "replicas",
    **{("resources", *path): key for path, key in RESOURCES.items()},
    ("resources", "reservations", "devices"): "gpus",
    ("update_config",): "update",
}
"""Where each key goes."""

_AS_WITHOUT_SWARM = frozenset({("mode", "replicated"), ("endpoint_mode", "vip")})


def flat_keys(deploy: Part) -> list[str]:
    """The keys that a `deploy` comes to."""
    found = [key for path, key in _MOVED.items() if deploy.at(*path) is not None]
    return [*found, "restart"] if deploy.at("restart_policy") is not None else found


def flatten(work: Work, path: str, deploy: Entry, body: Part, scalars: Scalars) -> list[Piece]:
    """Return what stands in the place of a `deploy`.

    Args:
        work: the conversion.
        path: that of the service, for messages.
        deploy: the entry.
        body: the service.
        scalars: rewrites the values.
    """
    return _Flattening(work, path, body, scalars).section(deploy, ())


class _Flattening:
    def __init__(self, work: Work, path: str, body: Part, scalars: Scalars) -> None:
        self._work = work
        self._editor = work.editor
        self._path = path
        self._body = body
        self._known = body.all_entries()
        self._scalars = scalars

    def section(self, entry: Entry, path: tuple[str, ...]) -> list[Piece]:
        """The pieces of a mapping, each with the comments above it."""
        found: list[Piece] = []
        for inner in entry.value.real.entries:
            found += self._editor.comments_before(inner, entry.key.end)
            found += self._entry(inner, (*path, inner.key.text))
        return found

    def _entry(self, entry: Entry, path: tuple[str, ...]) -> list[Piece]:
        value = entry.value.real
        if value.is_silent or path[-1].startswith("x-"):
            return [self._editor.left_out(entry, _label(path))]
        if path in _SECTIONS and value.shape is Shape.MAP:
            return self.section(entry, path)
        if path in _MOVED:
            return self._moved(entry, path, _MOVED[path])
        if path == ("restart_policy",):
            return self._restart(entry)
        if (path[-1], value.text) not in _AS_WITHOUT_SWARM:
            self._tell(entry, path)
        return [self._editor.left_out(entry, _label(path))]

    def _moved(self, entry: Entry, path: tuple[str, ...], key: str) -> list[Piece]:
        if key == "replicas" and "scale" in self._known:
            return [self._editor.left_out(entry, _label(path))]
        if key == "update":
            self._rollout(entry)
        rival = self._body.get(key)
        if rival is not None and key == "gpus":
            summary, fix = "gpus are asked for here and under gpus", "list them all under gpus"
            self._work.refuse(f"{self._path}.{_label(path)}", summary, fix, entry.key)
        elif rival is not None:
            self._editor.comment_out(rival)
        self._scalars.walk(entry.value, TEXT_RULE["containers"]["*"].get(key))
        return [self._as_pair(entry, key)]

    def _as_pair(self, entry: Entry, key: str) -> Pair:
        if entry.owner.flow or self._body.flow:
            return Pair(key, f": {self._editor.value(entry.value)}")
        return self._editor.moved(entry, key)

    def _rollout(self, entry: Entry) -> None:
        for inner in entry.value.real.entries:
            name = inner.key.text
            if name in ROLLOUT:
                self._editor.rename(inner, ROLLOUT[name])
            elif name == "monitor":
                self._tell(inner, ("update_config", name))
                self._editor.comment_out(inner)

    def _restart(self, entry: Entry) -> list[Piece]:
        policy = entry.value.real
        notes: list[Piece] = []
        for name in ("delay", "window"):
            inner = policy.get(name)
            if inner is not None:
                self._tell(inner, ("restart_policy", name))
                notes.append(self._editor.left_out(inner, f"deploy.restart_policy.{name}"))
        if "restart" in self._known:
            return [self._editor.left_out(entry, "deploy.restart_policy")]
        condition, attempts = policy.at("condition"), policy.at("max_attempts")
        word = condition.text if condition is not None and condition.text else "any"
        known = CONDITIONS.get(word, word)
        if "$" in word or (attempts is not None and "$" in attempts.text):
            summary = "a restart policy with variables can't be said in one word"
            self._work.refuse(f"{self._path}.deploy.restart_policy", summary, "write restart: beside it", entry.key)
        if known == "on-failure" and attempts is not None and attempts.text not in ("", "0"):
            known = f"on-failure:{attempts.text}"
        told = "\n".join(note.text for note in notes if isinstance(note, Note))
        comments = self._editor.comments_in(entry.key.start, self._editor.entry_end(entry))
        notes += [Note(text) for text in comments if text not in told]
        # Without quotes YAML takes "no" for a truth value.
        return [*notes, Pair("restart", ': "no"' if known == "no" else f": {known}")]

    def _tell(self, entry: Entry, path: tuple[str, ...]) -> None:
        self._work.tell(f"{self._path}.{_label(path)}", "only a swarm heeds this", "", entry.key)


def _label(path: tuple[str, ...]) -> str:
    return ".".join(("deploy", *path))
