"""Connections to public addresses only: what was checked is what is used, whatever DNS says later."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import httpcore

from monitor.fetch.network import connect

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]

NAT64 = ipaddress.ip_network("64:ff9b::/96")
MAX_ADDRESSES = 4
CONNECT_SECONDS = 5.0
RESOLVER_THREADS = 8


class PrivateAddressError(Exception):
    """The name leads only to addresses that are not on the public internet."""


class UnknownHostError(Exception):
    """The name has no address."""


def embedded(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 address stands for (mapped, NAT64, 6to4, Teredo)."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if int(address) >> 32 == 0:  # the deprecated ::a.b.c.d
        found.append(ipaddress.IPv4Address(int(address)))
    return [inner for inner in found if inner is not None]


def is_public(text: str) -> bool:
    """Whether an address (without port) is one that any stranger on the internet could reach."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if inner := embedded(address):
        return all(is_public(str(one)) for one in inner)
    odd = address.is_multicast or address.is_unspecified or address.is_reserved or address.is_link_local
    odd = odd or (isinstance(address, ipaddress.IPv6Address) and address.is_site_local)
    return address.is_global and not odd


def is_literal(host: str) -> bool:
    """Whether a host is already an address."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


class Resolver:
    """The system's resolver in threads of its own, so that a slow name server blocks nobody else's threads."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolve")

    async def __call__(self, host: str, port: int) -> list[str]:
        """The addresses of a name in the system's order, without repetitions."""
        found = await asyncio.get_running_loop().run_in_executor(self._threads, self._lookup, host, port)
        return list(dict.fromkeys(found))

    @staticmethod
    def _lookup(host: str, port: int) -> list[str]:
        return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]

    def close(self) -> None:
        """Let go of the threads without waiting for a name server."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to the very address that was checked; the name is kept for TLS by the layer above."""

    def __init__(self, resolve: Resolve, allow_private: bool) -> None:
        self._resolve = resolve
        self._allow_private = allow_private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first permitted address that answers; raises PrivateAddressError where none is permitted."""
        last: Exception = UnknownHostError(host)
        for address in await self._permitted(host, port):
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    return await connect(address, port)
            except OSError as error:  # TimeoutError is one
                last = error
        raise last

    async def _permitted(self, host: str, port: int) -> list[str]:
        try:
            found = [host] if is_literal(host) else await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise UnknownHostError(host) from error
        good = [address for address in found if self._allow_private or is_public(address)]
        if found and not good:
            raise PrivateAddressError(host)
        # IPv4 first: an IPv6 route that swallows packets would cost seconds at each connection.
        return sorted(good, key=lambda address: ":" in address)[:MAX_ADDRESSES]

    async def sleep(self, seconds: float) -> None:
        """Wait, as the pool asks between its own retries."""
        await asyncio.sleep(seconds)
