"""A proxy on loopback behind which made-up hosts lie, with certificates of an authority of its own.

    with proxy({"slack.test": server.url}, folder) as way:
        program(HTTPS_PROXY=way.url, SSL_CERT_FILE=str(way.authority))

It takes CONNECT for TLS and whole addresses for plain HTTP, knows nobody but those hosts, and wants
its password.
"""

import asyncio
import base64
import ssl
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "ana", "only-for-the-proxy"
ALLOWED = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class Proxy:
    def __init__(self, hosts: Mapping[str, str], folder: Path) -> None:
        """`hosts` says by name at which address on loopback each really is."""
        self.hosts = dict(hosts)
        self.asked: list[str] = []
        """How each connection began: `CONNECT slack.test:443`."""
        self.authority, self._tls = certified(hosts, folder)
        self.port = 0
        self._open: list[asyncio.StreamWriter] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    @property
    def url(self) -> str:
        return f"http://{USER}:{PASSWORD}@127.0.0.1:{self.port}"

    @property
    def bare_url(self) -> str:
        """Without the password."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        ours = asyncio.all_tasks() - {asyncio.current_task()}
        for task in ours:
            task.cancel()
        await asyncio.gather(*ours, return_exceptions=True)
        for writer in self._open:
            writer.transport.abort()
        await asyncio.sleep(0)  # they are closed in the loop's next round

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.append(writer)
        with suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            await self._pass_on(reader, writer)
        writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, where, _ = head.decode().partition("\r\n")[0].split(" ")
        self.asked.append(f"{method} {where}")
        if f"proxy-authorization: basic {ALLOWED.lower()}" not in head.decode().lower():
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        host = urlsplit(f"//{where}" if method == "CONNECT" else where).hostname or ""
        if host not in self.hosts:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        there = urlsplit(self.hosts[host])
        far_reader, far_writer = await asyncio.open_connection(there.hostname, there.port)
        self._open.append(far_writer)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            await writer.start_tls(self._tls)
        else:
            # A server would understand the whole address, Telegram's double does not.
            whole = f"http://{urlsplit(where).netloc}".encode()
            far_writer.write(head.replace(whole, b"", 1))
        await _both(_pipe(reader, far_writer), _pipe(far_reader, writer))
        far_writer.close()


async def _both(*ways: Coroutine[Any, Any, None]) -> None:
    """Until one of them ends."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65_536):
        writer.write(piece)
        await writer.drain()


def certified(hosts: Mapping[str, str], folder: Path) -> tuple[Path, ssl.SSLContext]:
    """The certificate of a new authority, and what a server of these hosts shows."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _named("an authority of the tests")
    signed = (
        _certificate(authority, authority, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    shown = (
        _certificate(_named("the doubles"), authority, key)
        .add_extension(names, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    paths = [folder / name for name in ("authority.pem", "shown.pem", "shown.key")]
    paths[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(shown.public_bytes(serialization.Encoding.PEM))
    paths[2].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(paths[1], paths[2])
    return paths[0], context


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )


@contextmanager
def proxy(hosts: Mapping[str, str], folder: Path) -> Iterator[Proxy]:
    """A proxy for the time of the block; `folder` is for its certificates."""
    found = Proxy(hosts, folder)
    found.start()
    try:
        yield found
    finally:
        found.stop()
