"""Tells people of new regressions: a webhook, or the text of a mail. Addresses and tokens are never shown or logged."""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from urllib.parse import urlsplit

from ipfs_accel_pipeline.errors import PipelineError, UsageError
from ipfs_accel_pipeline.pipeline.changes import explained
from ipfs_accel_pipeline.records import PerformanceChange
from ipfs_accel_pipeline.reports.history import size_in_words
from ipfs_accel_pipeline.reports.wording import case

WEBHOOK_VARIABLE = "BENCHMARK_WEBHOOK_URL"
_PATIENCE_S = 10
_ID = 8  # characters of an id, enough for a person to answer with

Link = Callable[[PerformanceChange], str]  # the page that shows a change


@dataclass(frozen=True)
class Mail:
    """How mail is sent; the password is kept out of every representation."""

    sender: str
    receivers: tuple[str, ...]
    host: str
    port: int
    password: str = field(repr=False)


def mail_settings(environment: Mapping[str, str] = os.environ) -> Mail | None:
    """From BENCHMARK_EMAIL_FROM, _TO (with commas), _PASSWORD, BENCHMARK_SMTP_HOST and _PORT; None if not set."""
    names = ("BENCHMARK_EMAIL_FROM", "BENCHMARK_EMAIL_TO", "BENCHMARK_EMAIL_PASSWORD", "BENCHMARK_SMTP_HOST")
    given = [environment.get(name, "") for name in names]
    if not any(given):
        return None
    if not all(given):
        missing = ", ".join(name for name, value in zip(names, given, strict=True) if not value)
        raise UsageError(f"Mail is half set up. Set {missing} too, or none of {', '.join(names)}.")
    sender, receivers, password, host = given
    return Mail(sender, tuple(one.strip() for one in receivers.split(",")), host, _port(environment), password)


def _port(environment: Mapping[str, str]) -> int:
    text = environment.get("BENCHMARK_SMTP_PORT") or "465"
    if not text.isdecimal():
        raise UsageError(f"BENCHMARK_SMTP_PORT={text!r} is no port. Write for example: 465")
    return int(text)


def message(regressions: Sequence[PerformanceChange], link: Link | None = None) -> str:
    """Plain text: one paragraph for what became worse at one test, with the way to look at it and to answer."""
    count = f"{len(regressions)} new regression{'' if len(regressions) == 1 else 's'}"
    at_one_test: dict[tuple[str, str], list[PerformanceChange]] = {}
    for one in regressions:
        at_one_test.setdefault((one.test_id_after, explained(one)), []).append(one)
    answer = "Answer each: ipfs-accel regressions --set expected ID --note WHY (or acknowledged, or fixed)."
    return "\n\n".join([f"{count}.", *(_paragraph(group, link) for group in at_one_test.values()), answer])


def post_webhook(url: str, regressions: Sequence[PerformanceChange], link: Link | None = None) -> None:
    """JSON with `text`, which chat services show, and `regressions`. An error names the host, never the address."""
    body = {"text": message(regressions, link), "regressions": [_fields(one) for one in regressions]}
    try:
        # In the try: a malformed address would be repeated by the error.
        request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError
        urllib.request.urlopen(request, timeout=_PATIENCE_S).close()
    except urllib.error.HTTPError as error:
        raise PipelineError(f"The webhook at {_host(url)} answered {error.code}. Check {WEBHOOK_VARIABLE}.") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise PipelineError(
            f"The webhook at {_host(url)} cannot be reached ({type(error).__name__}). Check {WEBHOOK_VARIABLE}."
        ) from None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "an address without a host"
    except ValueError:
        return "an address without a host"


def _paragraph(group: Sequence[PerformanceChange], link: Link | None) -> str:
    one = group[0]
    what = case(one.precision, one.batch_size, one.sequence_length)
    lines = [
        f"{one.model_id} on {one.hardware_id}, {one.endpoint_type}: {what}",
        *(f"- {each.metric}: {size_in_words(each)}, id {each.id[:_ID]}" for each in group),
        f"since {one.changed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC; changed there: {explained(one)}",
    ]
    return "\n".join([*lines, link(one)] if link else lines)


def _fields(one: PerformanceChange) -> dict[str, object]:
    names = ("id", "model_id", "hardware_id", "endpoint_type", "precision", "batch_size", "sequence_length", "metric")
    numbers = ("value_before", "value_after", "relative_change", "confidence", "what_changed")
    return {name: getattr(one, name) for name in (*names, *numbers)} | {"changed_at": one.changed_at.isoformat()}
