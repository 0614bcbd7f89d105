"""Who may ask whom, and when: a limit over all, a limit for each host, and a pause between two requests to one host."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MAX_IDLE_HOSTS = 1000


class Host:
    """One host's places and the moment before which no further request may start."""

    def __init__(self, places: int) -> None:
        self.places = asyncio.Semaphore(places)
        self.gate = asyncio.Lock()
        self.ready = 0.0
        self.users = 0


class Turns:
    """Gives places to requests. Whoever waits for a host waits without holding one of the places over all."""

    def __init__(self, concurrency: int, per_host: int, delay: float) -> None:
        self._all = asyncio.Semaphore(concurrency)
        self._per_host = per_host
        self._delay = delay
        self._hosts: dict[str, Host] = {}

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Wait for a place at a host, then hold it."""
        host = self._host(name)
        host.users += 1
        try:
            async with host.places:
                await self._start(host)
                try:
                    yield
                finally:
                    self._all.release()
        finally:
            host.users -= 1

    async def _start(self, host: Host) -> None:
        """Take a place over all; where hosts are paced, only when the host's pause is over."""
        if not self._delay:
            await self._all.acquire()
            return
        clock = asyncio.get_running_loop().time
        async with host.gate:
            await asyncio.sleep(max(0.0, host.ready - clock()))
            await self._all.acquire()
            host.ready = clock() + self._delay

    def _host(self, name: str) -> Host:
        if name not in self._hosts and len(self._hosts) >= MAX_IDLE_HOSTS:
            now = asyncio.get_running_loop().time()
            self._hosts = {key: host for key, host in self._hosts.items() if host.users or host.ready > now}
        return self._hosts.setdefault(name, Host(self._per_host))
