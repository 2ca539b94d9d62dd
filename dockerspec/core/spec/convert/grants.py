"""Secrets and configs that are files on the host -> read-only mounts, which is what Compose makes of them.

Callers: `services`. Limits: those that are no files are left as comments.
"""

from __future__ import annotations

from dockerspec.core.spec.compose.normal import SECRETS_FOLDER
from dockerspec.core.spec.convert.common import RESOLVE, Work, below
from dockerspec.core.spec.convert.editor import Note, Pair, Piece, shifted
from dockerspec.core.spec.convert.layout import Entry, Part, Shape
from dockerspec.core.spec.model import ContainerSpec

_OTHERS = frozenset({"uid", "gid", "mode"})


class Grants:
    """Translates `secrets` and `configs` of services.

    Attributes:
        same_words: whether dockerspec's own format has these keys with Compose's meaning.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._editor = work.editor
        self.same_words = "configs" in ContainerSpec.model_fields
        self._done: set[int] = set()

    def convert(self, path: str, body: Part) -> None:
        """Translate both keys of a service at once: their mounts go into one list."""
        if id(body) in self._done:
            return
        self._done.add(id(body))
        mounts: list[str] = []
        places: list[tuple[Entry, list[Piece]]] = []
        for key in ("secrets", "configs"):
            entry = body.get(key)
            if entry is None:
                continue
            notes: list[Piece] = []
            for item in below(entry.value.real):
                mount = self._mount(key, item.real)
                if mount is None or _OTHERS & {inner.key.text for inner in item.real.entries}:
                    notes.append(self._note(key, item))
                    summary = "owner and mode are those of the file on the host" if mount else _NO_FILE
                    self._work.tell(f"{path}.{key}", summary, "", item)
                if mount is not None and mount not in mounts:
                    mounts.append(mount)
            places.append((entry, notes))
        self._write(path, body, places, mounts)

    def _note(self, key: str, item: Part) -> Note:
        """An item as it was written."""
        layout = self._work.layout
        first, *rest = layout.text[item.start : item.end].splitlines()
        by = len("  - ") - layout.column(item.start)
        return Note("\n".join([f"{key}:", f"  - {first}", *(shifted(line, by) for line in rest)]))

    def _mount(self, key: str, item: Part) -> str | None:
        """The mount of an item; None where its source is no file on the host."""
        source = item.text if item.shape is Shape.SCALAR else _text(item, "source")
        file = self._work.layout.root.at(key, source, "file")
        if file is None:
            return None
        target = _text(item, "target") if item.shape is Shape.MAP else ""
        if not target:
            target = f"{SECRETS_FOLDER if key == 'secrets' else '/'}{source}"
        elif key == "secrets" and not target.startswith("/"):
            target = SECRETS_FOLDER + target
        shown = f'"{target}"' if set(target) & set("{}[],#:$\"' ") else target
        path = self._editor.value(file)
        if not file.style and set(path) & set("{}[],"):
            path = f'"{file.text}"'
        return f"{{type: bind, source: {path}, target: {shown}, read_only: true, bind: {{create_host_path: false}}}}"

    def _write(self, path: str, body: Part, places: list[tuple[Entry, list[Piece]]], mounts: list[str]) -> None:
        own, known = body.get("volumes"), body.all_entries().get("volumes")
        if mounts and known is not None and (own is None or own.value.shape is Shape.ALIAS):
            summary = "its mounts come from another mapping, and a secret or config is one more mount"
            self._work.refuse(path, summary, RESOLVE, places[0][0].key)
            return
        if mounts and own is not None and not own.value.is_silent:
            self._append(own.value, mounts)
        elif mounts:
            places[0][1].append(self._fresh(body, mounts))
        for entry, pieces in places:
            self._editor.swap(entry, pieces)

    def _append(self, volumes: Part, mounts: list[str]) -> None:
        layout, editor = self._work.layout, self._editor
        if volumes.flow or not volumes.items:
            place = layout.text.rindex("]", volumes.start, volumes.end)
            lead = ", " if volumes.items else ""
            editor.replace(place, place, lead + ", ".join(mounts))
            return
        last = volumes.items[-1]
        indent = layout.column(layout.text.rindex("-", 0, last.start))
        end = layout.line_end(last.end)
        text = "".join(f"{layout.line_break}{' ' * indent}- {mount}" for mount in mounts)
        editor.replace(end, end, text)

    def _fresh(self, body: Part, mounts: list[str]) -> Pair:
        if body.flow:
            return Pair("volumes", f": [{', '.join(mounts)}]")
        return Pair("volumes", ":" + "".join(f"{self._work.layout.line_break}  - {mount}" for mount in mounts))


_NO_FILE = "a secret or config that is no file isn't written into containers yet"


def _text(item: Part, key: str) -> str:
    part = item.at(key)
    return part.text if part is not None else ""
