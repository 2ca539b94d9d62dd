"""Edits of a YAML text that keep what they don't touch, comments above all.

An edit of an entry says what stands in its place: pairs and comments. In a block these become lines at the entry's
indentation, in brackets pairs stay and comments go to a line above. A comment of the text that an edit would lose is
put above it.

Callers: the converters. Limits: an edit inside a stretch that is replaced later on is part of that only if the new
text was made with `slice`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dockerspec.core.spec.convert.layout import Entry, Layout, Part

_LINE_BREAK = re.compile("\r?\n")


@dataclass(frozen=True, slots=True)
class Pair:
    """A key with its value: `rest` starts with the colon, and was written for a key at `column`."""

    key: str
    rest: str
    column: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """A comment on lines of its own, without its signs."""

    text: str


Piece = Pair | Note


class Editor:
    """One text under edit; `result` is what comes of it."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._edits: list[tuple[int, int, str]] = []
        self._dropped: dict[int, tuple[Part, set[int]]] = {}

    # --- offsets -----------------------------------------------------------------------------------------------------

    def entry_end(self, entry: Entry) -> int:
        """Where an entry ends, with the comment behind it on its last line."""
        end = max(entry.value.end, entry.key.end)
        if entry.owner.flow:
            return end
        line_end = self.layout.line_end(end)
        tail = self.layout.text[end:line_end]
        if not tail.strip() or tail.lstrip().startswith("#"):
            return end + len(tail.rstrip())
        return end

    def section_end(self, entry: Entry) -> int:
        """Where a section ends, with the indented comments behind it."""
        end, layout = self.entry_end(entry), self.layout
        for comment in layout.comments:
            if comment.start < end:
                continue
            if layout.text[end : comment.start].strip() or layout.column(comment.start) <= self._column(entry):
                break
            end = comment.end
        return end

    def _leads_line(self, entry: Entry) -> bool:
        start = entry.key.start
        return not self.layout.text[self.layout.line_start(start) : start].strip()

    # --- texts -------------------------------------------------------------------------------------------------------

    def replace(self, start: int, end: int, text: str) -> None:
        """Put a text in the place of a stretch."""
        self._edits.append((start, end, text))

    def slice(self, start: int, end: int) -> str:
        """Return a stretch with the edits in it."""
        self._settle()
        text, parts, at = self.layout.text, [], start
        for left, right, new in self._outermost(start, end):
            if left < at:
                continue
            parts += [text[at:left], new]
            at = right
        parts.append(text[at:end])
        return "".join(parts)

    def result(self) -> str:
        """Return the whole text."""
        return self.slice(0, len(self.layout.text))

    def _outermost(self, start: int, end: int) -> list[tuple[int, int, str]]:
        """The edits within a stretch; of those that overlap the widest, of equal ones the last."""
        inside = [
            (left, right, number, new)
            for number, (left, right, new) in enumerate(self._edits)
            if start <= left and right <= end
        ]
        chosen: list[tuple[int, int, int, str]] = []
        for edit in sorted(inside, key=lambda edit: (edit[0], -edit[1], -edit[2])):
            if edit[0] < edit[1] and (not chosen or edit[0] >= chosen[-1][1]):
                chosen.append(edit)
        # What is put in at either end of a stretch stays, what is put in within one goes with it.
        chosen += [
            edit
            for edit in inside
            if edit[0] == edit[1] and not any(left < edit[0] < right for left, right, _, _ in chosen)
        ]
        ordered = sorted(chosen, key=lambda edit: (edit[0], edit[0] != edit[1], edit[2]))
        return [(left, right, new) for left, right, _, new in ordered]

    def value(self, part: Part) -> str:
        """A value's text, edits included."""
        return self.slice(part.start, part.end)

    def key(self, entry: Entry) -> str:
        """An entry's key as it is written."""
        return self.layout.text[entry.key.start : entry.key.end]

    def moved(self, entry: Entry, key: str = "") -> Pair:
        """An entry as a pair to stand elsewhere, perhaps under another key."""
        rest = self.slice(entry.key.end, self.entry_end(entry))
        return Pair(key or self.key(entry), rest, self._column(entry))

    def _column(self, entry: Entry) -> int:
        return self.layout.column(entry.key.start)

    # --- entries -----------------------------------------------------------------------------------------------------

    def rename(self, entry: Entry, name: str) -> None:
        """Give an entry another key."""
        self.replace(entry.key.start, entry.key.end, name)

    def swap(self, entry: Entry, pieces: Sequence[Piece], *, moved: bool = False) -> None:
        """Put pieces in an entry's place; without any it goes.

        Args:
            entry: the entry.
            pieces: what comes in its place.
            moved: whether its comments have gone elsewhere with it, so that none is lost.
        """
        end = self.entry_end(entry)
        if not moved:
            pieces = [*self._lost(entry.key.start, end, pieces), *pieces]
        if entry.owner.flow:
            self._swap_in_brackets(entry, pieces)
            return
        indent = self._column(entry)
        text = self.lines(pieces, indent)
        if self._leads_line(entry):
            start = entry.key.start
            if not text:
                # From the end of the line before: what is added behind this entry stays.
                start = max(0, self.layout.line_start(start) - len(self.layout.line_break))
                end = end if start else self._next_line(end)
            self.replace(start, end, text.lstrip(" "))
        else:
            self._swap_behind_dash(entry, pieces, end)

    def _swap_behind_dash(self, entry: Entry, pieces: Sequence[Piece], end: int) -> None:
        """The first key of a list's item: a comment in its place goes above the dash."""
        layout, indent = self.layout, self._column(entry)
        start = layout.line_start(entry.key.start)
        dash = len(layout.text[start : entry.key.start]) - len(layout.text[start : entry.key.start].lstrip(" "))
        notes = [piece for piece in pieces if isinstance(piece, Note)]
        pairs = [piece for piece in pieces if isinstance(piece, Pair)]
        if notes:
            self.replace(start, start, self.lines(notes, dash) + layout.line_break)
        others = [other for other in entry.owner.entries if other is not entry]
        if pairs:
            self.replace(entry.key.start, end, self.lines(pairs, indent).lstrip(" "))
        elif others:
            self.replace(entry.key.start, others[0].key.start, "")
        else:
            self.replace(entry.key.start, end, "{}")

    def _swap_in_brackets(self, entry: Entry, pieces: Sequence[Piece]) -> None:
        notes = [piece for piece in pieces if isinstance(piece, Note)]
        pairs = [f"{piece.key}{piece.rest}" for piece in pieces if isinstance(piece, Pair)]
        if notes:
            self.note_above(entry.key.start, notes)
        if pairs:
            self.replace(entry.key.start, entry.value.end, ", ".join(pairs))
        else:
            self._dropped.setdefault(id(entry.owner), (entry.owner, set()))[1].add(entry.owner.entries.index(entry))

    def note_above(self, place: int, notes: Sequence[Note]) -> None:
        """Put comments on the line above that of an offset."""
        start = self.layout.line_start(place)
        line = self.layout.text[start : self.layout.line_end(place)]
        indent = len(line) - len(line.lstrip(" "))
        self.replace(start, start, self.lines(notes, indent) + self.layout.line_break)

    def add(self, owner: Part, pairs: Sequence[Pair], behind: Entry | None = None) -> None:
        """Add pairs to a mapping that has entries.

        Args:
            owner: the mapping.
            pairs: what to add.
            behind: the entry that they come behind in a block; the last one by default.
        """
        if not pairs:
            return
        if owner.flow:
            place = self.layout.text.index("{", owner.content) + 1
            tail = ", " if owner.entries else ""
            self.replace(place, place, ", ".join(f"{pair.key}{pair.rest}" for pair in pairs) + tail)
            return
        last = behind or owner.entries[-1]
        end, indent = self.entry_end(last), self._column(last)
        self.replace(end, end, self.layout.line_break + self.lines(pairs, indent))

    def lines(self, pieces: Sequence[Piece], indent: int) -> str:
        """Pieces as lines of a block, the last one without its line break."""
        return self.layout.line_break.join(line for piece in pieces for line in self._lines(piece, indent))

    def _lines(self, piece: Piece, indent: int) -> Iterator[str]:
        blank = " " * indent
        if isinstance(piece, Note):
            yield from (f"{blank}# {line}".rstrip() for line in _LINE_BREAK.split(piece.text))
            return
        first, *rest = _LINE_BREAK.split(piece.rest)
        yield f"{blank}{piece.key}{first}"
        yield from (shifted(line, indent - piece.column) for line in rest)

    def left_out(self, entry: Entry, label: str = "") -> Note:
        """An entry as a comment: what can't be said stays to be read.

        Args:
            entry: the entry.
            label: what to call it instead of its key, such as a dotted path.
        """
        text = self.layout.text[entry.key.end : self.entry_end(entry)]
        first, *rest = _LINE_BREAK.split(text)
        key = label or self.key(entry)
        column = self._column(entry)
        return Note("\n".join([f"{key}{first}", *(shifted(line, -column) for line in rest)]))

    def comment_out(self, entry: Entry, label: str = "") -> None:
        """Turn an entry into a comment at its place."""
        self.swap(entry, [self.left_out(entry, label)])

    def comments_before(self, entry: Entry, start: int) -> list[Note]:
        """The comments between an offset, or the entry before, and an entry."""
        entries = entry.owner.entries
        number = entries.index(entry)
        if number:
            start = max(start, self.entry_end(entries[number - 1]))
        return [Note(text) for text in self.comments_in(start, entry.key.start)]

    def comments_in(self, start: int, end: int) -> list[str]:
        """The comments within a stretch, without their signs."""
        return [
            comment.text.lstrip("#").removeprefix(" ")
            for comment in self.layout.comments
            if start <= comment.start and comment.end <= end
        ]

    def _lost(self, start: int, end: int, pieces: Sequence[Piece]) -> list[Note]:
        """The comments of a stretch that its pieces don't have."""
        kept = "\n".join(piece.text if isinstance(piece, Note) else piece.rest for piece in pieces)
        return [Note(text) for text in self.comments_in(start, end) if text not in kept]

    def _next_line(self, place: int) -> int:
        found = _LINE_BREAK.search(self.layout.text, place)
        return found.end() if found else len(self.layout.text)

    def _settle(self) -> None:
        """Take the entries that are to go out of their brackets, with their commas."""
        waiting, self._dropped = list(self._dropped.values()), {}
        for owner, numbers in waiting:
            entries = owner.entries
            kept = [number for number in range(len(entries)) if number not in numbers]
            last = kept[-1] if kept else -1
            for number in sorted(numbers):
                if number < last:
                    self.replace(entries[number].key.start, entries[number + 1].key.start, "")
            if last < len(entries) - 1:
                start = entries[last].value.end if kept else entries[0].key.start
                self.replace(start, entries[-1].value.end, "")


def shifted(line: str, by: int) -> str:
    """A line further right, or further left as far as its blanks allow."""
    if not line.strip():
        return line
    if by >= 0:
        return " " * by + line
    return line[min(-by, len(line) - len(line.lstrip(" "))) :]
