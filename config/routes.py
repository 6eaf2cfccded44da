"""How an address outside is reached: through a proxy or not, and whose certificates are trusted.

As the variables say that many programs know: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in
small letters or capitals, SSL_CERT_FILE and SSL_CERT_DIR. The libraries read them each in its own
way, and one of them passes NO_PROXY over: so they are read here, once, and handed to all of them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from config.errors import SettingsError

if TYPE_CHECKING:
    import ssl

PROXIES = ("http", "https")
"""The kinds of proxies that all libraries can talk to."""


@dataclass(frozen=True, slots=True)
class Route:
    """`proxy` is its address, which may hold a password; None is straight on. `trust` is None
    where each library trusts whom it always trusts."""

    proxy: str | None = field(default=None, repr=False)
    trust: ssl.SSLContext | None = None


def route(url: str, environment: Mapping[str, str]) -> Route:
    """How `url` is reached. Raises SettingsError, which shows no value."""
    parts = urlsplit(url)
    is_secure = parts.scheme in ("https", "wss")
    return Route(
        proxy=_proxy("https" if is_secure else "http", parts.netloc, environment),
        trust=_trust(environment) if is_secure else None,
    )


def _proxy(scheme: str, at: str, environment: Mapping[str, str]) -> str | None:
    host = urlsplit(f"//{at}").hostname or ""
    if _is_here(host):
        return None  # no proxy would find this machine
    for name in (f"{scheme}_proxy", "all_proxy"):
        if value := _found(name, environment):
            break
    else:
        return None
    port = urlsplit(f"//{at}").port or (443 if scheme == "https" else 80)
    if any(_covers(each, host, port) for each in _found("no_proxy", environment).split(",")):
        return None
    address = value if "://" in value else f"http://{value}"
    try:
        proxy = urlsplit(address)
        is_one = proxy.scheme in PROXIES and bool(proxy.hostname) and proxy.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        message = "must be the address of an HTTP proxy, like http://proxy.example.org:3128"
        raise SettingsError(name.upper(), message)
    return address


def _covers(entry: str, host: str, port: int) -> bool:
    """Whether a piece of NO_PROXY names the host: itself, a name that it ends with, a network."""
    entry = entry.strip().lower()
    if entry == "*":
        return True
    with suppress(ValueError):
        return ip_address(host) in ip_network(entry, strict=False)
    name, colon, wanted = entry.partition(":")
    if colon and wanted != str(port):
        return False
    name = name.removeprefix("*").removeprefix(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _trust(environment: Mapping[str, str]) -> ssl.SSLContext | None:
    """Those of the file and the folders that are named, and nobody else."""
    file, folders = (environment.get(name, "") for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"))
    if not file and not folders:
        return None
    if file and not Path(file).is_file():
        raise SettingsError("SSL_CERT_FILE", "there is no such file; correct it, or leave it out")
    if folders and not any(Path(folder).is_dir() for folder in folders.split(os.pathsep)):
        raise SettingsError("SSL_CERT_DIR", "there is no such folder; correct it, or leave it out")
    import ssl  # only here: every command of the program reads the settings

    try:
        return ssl.create_default_context(cafile=file or None, capath=folders or None)
    except (ssl.SSLError, OSError):
        message = "cannot be read as certificates; it has to be a file in PEM"
        raise SettingsError("SSL_CERT_FILE", message) from None


def _found(name: str, environment: Mapping[str, str]) -> str:
    return (environment.get(name) or environment.get(name.upper()) or "").strip()
