"""How AI Hub is reached: token, address and the devices a person chose. The token is never shown or logged.

The token comes from BENCHMARK_AIHUB_TOKEN (in Dagster through the resource `aihub`), else from the client's own file
(`qai-hub configure`, ~/.qai_hub/client.ini). Nothing here is run configuration: a launchpad that could name another
address would send the token there.
"""

from __future__ import annotations

import configparser
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from ipfs_accel_pipeline.errors import BackendUnavailable

TOKEN_VARIABLE = "BENCHMARK_AIHUB_TOKEN"
URL_VARIABLE = "BENCHMARK_AIHUB_URL"
DEVICES_VARIABLE = "BENCHMARK_AIHUB_DEVICES"
DEFAULT_DEVICE = "Samsung Galaxy S24"  # what --qualcomm measures where nobody chose: common, and its NPU has fp16
_INI_VARIABLE = "QAIHUB_CLIENT_INI"  # the client's own
_DEFAULT_URL = "https://workbench.aihub.qualcomm.com"
_REACH_TIMEOUT_S = 3.0


@dataclass(frozen=True)
class HubAccess:
    """Everything that a client needs. Its text form does not hold the token."""

    token: str = field(repr=False)
    api_url: str
    devices: tuple[str, ...]  # each a name, or attributes joined by "+": "chipset:qualcomm-sm8650+os:android"

    def hide(self, text: str) -> str:
        """`text` without the token, should a service have repeated it."""
        return text.replace(self.token, "<token>") if self.token else text


def load_access(environment: Mapping[str, str] = os.environ, token: str | None = None) -> HubAccess:
    """With `token`, else the environment's, else the client's file's; BackendUnavailable, with what to do, if none."""
    devices = tuple(part.strip() for part in environment.get(DEVICES_VARIABLE, "").split(";") if part.strip())
    token = (token or environment.get(TOKEN_VARIABLE, "")).strip()
    if token:
        return HubAccess(token, environment.get(URL_VARIABLE, "").strip() or _DEFAULT_URL, devices)
    path = Path(environment.get(_INI_VARIABLE) or "~/.qai_hub/client.ini").expanduser()
    if not path.is_file():
        raise BackendUnavailable(
            f"AI Hub needs an API token: set {TOKEN_VARIABLE}, or run `qai-hub configure --api_token TOKEN` "
            f"({path} is not there). Tokens: https://workbench.aihub.qualcomm.com/account"
        )
    return _from_ini(path, devices)


def require_reachable(access: HubAccess, timeout_s: float = _REACH_TIMEOUT_S) -> None:
    """BackendUnavailable if nobody answers: the client itself would try again for most of a minute."""
    host, port = _endpoint(access.api_url, URL_VARIABLE)
    where, remedy = "at", f"Check the network, or {URL_VARIABLE}."
    scheme = urlsplit(access.api_url).scheme
    proxy = None if proxy_bypass(host) else getproxies().get(scheme)
    if proxy:  # which the client asks; the hub itself may be out of reach
        variable = f"{scheme.upper()}_PROXY"
        host, port = _endpoint(proxy if "://" in proxy else f"http://{proxy}", variable)
        where, remedy = "through the proxy", f"Check {variable}, or exempt the hub with NO_PROXY."
    try:
        socket.create_connection((host, port), timeout=timeout_s).close()
    except OSError as error:
        raise BackendUnavailable(f"AI Hub cannot be reached {where} {host}:{port} ({error}). {remedy}") from error


def _endpoint(url: str, variable: str) -> tuple[str, int]:
    """Host and port. The address itself is not told: a proxy's may hold a password."""
    try:
        address = urlsplit(url)
        port = address.port or (443 if address.scheme == "https" else 80)
    except ValueError as error:
        raise BackendUnavailable(f"AI Hub: {variable} is no address ({error}).") from None
    if not address.scheme or not address.hostname:
        raise BackendUnavailable(f"AI Hub: {variable} is no address. It looks like {_DEFAULT_URL}.")
    return address.hostname, port


def _from_ini(path: Path, devices: tuple[str, ...]) -> HubAccess:
    parser = configparser.ConfigParser()
    try:
        parser.read(path)
        section = parser["api"]
        return HubAccess(section["api_token"], section["api_url"], devices)
    except (configparser.Error, KeyError) as error:
        # The file's text stays out of the message: it holds the token.
        raise BackendUnavailable(
            f"{path} is no AI Hub configuration ({type(error).__name__}). Run `qai-hub configure --api_token TOKEN`."
        ) from None
