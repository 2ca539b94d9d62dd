"""The frames in which the engine sends the two output streams of a container without a terminal.

Callers: containers. A frame is eight bytes (the stream's number, three zeros, the length) and the data.
"""

from __future__ import annotations

HEADER = 8


def demultiplex(data: bytes) -> bytes:
    """The data of all frames in their order; what a cut-off last frame holds is kept."""
    pieces = []
    at = 0
    while at + HEADER <= len(data):
        size = int.from_bytes(data[at + 4 : at + HEADER], "big")
        pieces.append(data[at + HEADER : at + HEADER + size])
        at += HEADER + size
    return b"".join(pieces)
