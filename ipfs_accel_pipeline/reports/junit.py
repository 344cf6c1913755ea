"""The newest test of every case as JUnit XML, as build servers show it: one suite per platform."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from itertools import groupby
from xml.etree import ElementTree

from ipfs_accel_pipeline.records import Status
from ipfs_accel_pipeline.reports.content import ReportContent
from ipfs_accel_pipeline.reports.foreign_text import first_line
from ipfs_accel_pipeline.reports.rows import RecentTest
from ipfs_accel_pipeline.reports.wording import case

_NOT_TRIED = (Status.UNSUPPORTED, Status.SKIPPED)
# XML 1.0 has no place for these, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(content: ReportContent) -> str:
    root = ElementTree.Element("testsuites", name=content.title)
    for hardware_id, tests in groupby(content.latest_tests, key=lambda test: test.hardware_id):
        root.append(_suite(hardware_id, list(tests)))
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False).join(
        ['<?xml version="1.0" encoding="UTF-8"?>\n', "\n"]
    )


def _suite(hardware_id: str, tests: Sequence[RecentTest]) -> ElementTree.Element:
    suite = ElementTree.Element(
        "testsuite",
        name=_printable(hardware_id),
        tests=str(len(tests)),
        failures=str(sum(test.status == Status.FAILED for test in tests)),
        errors=str(sum(_is_error(test) for test in tests)),
        skipped=str(sum(test.status in _NOT_TRIED for test in tests)),
        time=f"{sum(test.execution_time_s or 0 for test in tests):.3f}",
        timestamp=f"{min(test.timestamp for test in tests).astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
    )
    suite.extend(_case(test) for test in tests)
    return suite


def _is_error(test: RecentTest) -> bool:
    return test.status not in (Status.PASSED, Status.FAILED, *_NOT_TRIED)


def _case(test: RecentTest) -> ElementTree.Element:
    name = f"{test.endpoint_type}, {case(test.precision, test.batch_size, test.sequence_length)}"
    if test.provenance != "measured":
        name += f", {test.provenance}"
    element = ElementTree.Element("testcase", classname=_printable(test.model_id), name=name)
    if test.execution_time_s is not None:
        element.set("time", f"{test.execution_time_s:.3f}")
    if test.status != Status.PASSED:
        kind = "failure" if test.status == Status.FAILED else "skipped" if test.status in _NOT_TRIED else "error"
        problem = ElementTree.SubElement(element, kind, message=first_line(test.error) or test.status)
        if kind != "skipped":
            problem.set("type", test.status)
        problem.text = _printable(test.error or test.status)
    return element


def _printable(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
