"""Tells people of new regressions, and of failed runs by Dagster's own mail sensor."""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import escape

import dagster as dg
from dagster._utils.alert import EMAIL_MESSAGE, send_email_via_ssl

from ipfs_accel_pipeline.defs.jobs import benchmark_job
from ipfs_accel_pipeline.defs.sensors import PATIENCE_S
from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.pipeline.changes import is_open
from ipfs_accel_pipeline.pipeline.notifying import WEBHOOK_VARIABLE, Link, Mail, mail_settings, message, post_webhook
from ipfs_accel_pipeline.records import PerformanceChange
from ipfs_accel_pipeline.settings import load_settings
from ipfs_accel_pipeline.storage.database import open_database
from ipfs_accel_pipeline.storage.reading import read_rows
from ipfs_accel_pipeline.storage.reviews import mark_notified

DASHBOARD_VARIABLE = "BENCHMARK_DASHBOARD_URL"


# By the clock and not after each run: a run is asked about once, so that what could not be told then, because the
# database or the mail server was busy, would wait for the next night.
@dg.sensor(
    minimum_interval_seconds=600,
    description="Every ten minutes: tell of new regressions by BENCHMARK_WEBHOOK_URL and by mail "
    "(BENCHMARK_EMAIL_FROM, _TO, _PASSWORD, BENCHMARK_SMTP_HOST). Each is told once, "
    "by whichever of the two works. Off until you turn it on.",
)
def regression_notifications() -> dg.SkipReason:
    """What nobody was told is told again; where one of two channels works, it does not repeat itself for the other."""
    webhook, mail = os.environ.get(WEBHOOK_VARIABLE), mail_settings()
    if not webhook and not mail:
        return dg.SkipReason(f"nobody to tell: set {WEBHOOK_VARIABLE}, or the variables of the mail")
    settings = load_settings()
    with open_database(settings.database, lock_timeout_s=PATIENCE_S) as connection:
        changes: list[PerformanceChange] = read_rows(connection, "performance_changes")
    untold = [one for one in changes if is_open(one) and one.notified_at is None]
    if not untold:
        return dg.SkipReason("no new regression")
    channels: list[Callable[[], None]] = []
    if webhook:
        channels.append(lambda: post_webhook(webhook, untold, _link()))
    if mail:
        channels.append(lambda: _send(mail, untold))
    failures = [failure for channel in channels for failure in [_failure(channel)] if failure]
    if len(failures) < len(channels):
        with open_database(settings.database, lock_timeout_s=PATIENCE_S) as connection:
            mark_notified(connection, [one.id for one in untold], datetime.now(UTC))
    if failures:
        raise failures[0]
    return dg.SkipReason(f"told of {len(untold)} new regressions")


def _failure(channel: Callable[[], None]) -> Exception | None:
    try:
        channel()
    except Exception as error:  # of any library that sends: it is raised once the other channel was tried
        return error
    return None


def _send(mail: Mail, regressions: Sequence[PerformanceChange]) -> None:
    text = EMAIL_MESSAGE.format(
        email_from=mail.sender,
        email_to=", ".join(mail.receivers),
        email_subject=f"{len(regressions)} new performance regressions",
        email_body=f"<pre>{escape(message(regressions, _link()))}</pre>",
        randomness=datetime.now(UTC),
    )
    sent = text.encode("ascii", "xmlcharrefreplace").decode()
    send_email_via_ssl(mail.sender, mail.password, list(mail.receivers), sent, mail.host, mail.port, mail.sender)


def _link() -> Link | None:
    """To the trend of a case, where BENCHMARK_DASHBOARD_URL says how people reach the dashboard."""
    from ipfs_accel_pipeline.dashboard.screens.trends import link_to

    address = os.environ.get(DASHBOARD_VARIABLE, "").rstrip("/")
    return (lambda change: address + link_to(vars(change) | {"provenance": "measured"})) if address else None


def _failure_mail() -> list[dg.SensorDefinition]:
    try:
        mail = mail_settings()
    except UsageError:  # half set up: the other sensor says so at its next tick, and the UI must load meanwhile
        return []
    if mail is None:
        return []
    return [
        dg.make_email_on_run_failure_sensor(
            name="failed_runs_by_mail",
            email_from=mail.sender,
            email_password=mail.password,
            email_to=list(mail.receivers),
            smtp_host=mail.host,
            smtp_port=mail.port,
            monitored_jobs=[benchmark_job],
        )
    ]


@dg.definitions
def notifications() -> dg.Definitions:
    return dg.Definitions(sensors=[regression_notifications, *_failure_mail()])
