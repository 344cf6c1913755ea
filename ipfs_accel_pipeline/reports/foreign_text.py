"""Text that others wrote (model names, error messages), made short enough to print and safe in Markdown.

HTML needs nothing from here: its templates escape every value.
"""

from __future__ import annotations

import re
from functools import lru_cache

LONGEST_REASON = 200

_MARKDOWN_SYNTAX = re.compile(r"([\\`*\[\]|~]|(?<!\w)_|_(?!\w))")
_HTML_SYNTAX = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


@lru_cache(maxsize=4096)  # one error often stands in hundreds of cells
def first_line(text: str | None, limit: int = LONGEST_REASON) -> str | None:
    """The first line with something on it, cut with an ellipsis; None if there is none."""
    lines = (" ".join(_printable(line).split()) for line in (text or "").splitlines())
    line = next(filter(None, lines), None)
    return line if line is None or len(line) <= limit else line[: limit - 1].rstrip() + "…"


def markdown(text: object) -> str:
    """The text as it is, on one line, in a table cell or outside: no markup in it takes effect.

    An underscore inside a word needs no backslash and keeps names like `batch_size` readable in the raw file.
    """
    line = " ".join(_printable(str(text)).split())
    escaped = "".join(_HTML_SYNTAX.get(character, character) for character in line)
    return _MARKDOWN_SYNTAX.sub(r"\\\1", escaped)


def _printable(text: str) -> str:
    """Control characters and terminal colours become blanks; Unicode letters stay."""
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
    return "".join(character if character.isprintable() else " " for character in text)
