"""Deterministic row ids: the same measurement of the same run always has the same id.

So a retry or a re-execution rewrites its own rows, and a new run adds new ones.
"""

from __future__ import annotations

import hashlib
import uuid

_NAMESPACE = uuid.UUID("c9f1c6b2-4f0e-5d0b-9a53-0d3f6f6f7a21")


def row_id(*parts: object) -> str:
    """A UUID (version 5) of the parts; None and the text "None" differ."""
    name = "\x1f".join(["\x00" if part is None else str(part) for part in parts])
    # What str(uuid.uuid5(_NAMESPACE, name)) gives, in a third of its time: imports make hundreds of thousands.
    text = hashlib.sha1(_NAMESPACE.bytes + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"
