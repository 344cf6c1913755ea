"""What the UI shows of an asset, beside the rows."""

from collections.abc import Iterable, Sequence

import dagster as dg


def markdown_table(headings: Sequence[str], lines: Iterable[Sequence[object]]) -> dg.MarkdownMetadataValue:
    """A table for the metadata panel of an asset."""
    rows = [headings, ["---"] * len(headings), *lines]
    return dg.MetadataValue.md("\n".join("| " + " | ".join(_cell(value) for value in row) + " |" for row in rows))


def _cell(value: object) -> str:
    if value is None:
        return "–"
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
