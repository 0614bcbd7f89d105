"""Content-Encoding undone piece by piece, never beyond a limit: a bomb stops before it has expanded."""

import re
import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli  # type: ignore[import-untyped]  # the package ships no types
import zstandard

# Written by servers that meant 'none'.
NO_CODING = frozenset({"", "identity", "none", "utf-8", "binary", "8bit"})
MAX_CODINGS = 3
# The largest window that RFC 9659 lets a server use over HTTP.
ZSTD_WINDOW = 8 << 20
# Four bytes of zstd can stand for 128 KiB; so much input at a time gives at most 8 MiB.
ZSTD_SLICE = 256
STEP = 1 << 16


class TooLargeError(Exception):
    """The body is larger than the limit."""


class CodingError(Exception):
    """The body is not what its Content-Encoding says; the message says how."""


class Decoder(Protocol):
    """One content coding."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decoded pieces, each small enough to hold; lazily, so that a reader can stop."""
        ...

    def end(self) -> None:
        """Raise CodingError if the data stopped in the middle."""
        ...


class Deflate:
    """gzip (several members too) and deflate, with or without a zlib header."""

    def __init__(self, gzip: bool) -> None:
        self._gzip = gzip
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | (16 if gzip else 0))
        self._started = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """See Decoder."""
        full = False
        while (data or full) and not self._inflate.eof:
            piece, data = self._step(data)
            # A full step may leave output inside the decompressor although all input is taken.
            full = len(piece) == STEP
            yield piece
            if self._gzip and self._inflate.eof and data[:2] == b"\x1f\x8b":
                self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def _step(self, data: bytes) -> tuple[bytes, bytes]:
        try:
            piece = self._inflate.decompress(data, STEP)
        except zlib.error as error:
            if self._gzip or self._started:
                raise CodingError(f"{'gzip' if self._gzip else 'deflate'} data are damaged") from error
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            self._started = True
            return self._step(data)
        self._started = True
        if self._inflate.eof:
            return piece, self._inflate.unused_data
        return piece, self._inflate.unconsumed_tail

    def end(self) -> None:
        """See Decoder."""
        if self._started and not self._inflate.eof:
            raise CodingError("compressed data end in the middle")


class Brotli:
    """br."""

    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()
        self._started = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """See Decoder."""
        self._started = self._started or bool(data)
        try:
            more = bool(data)
            while more:
                piece = self._decoder.process(data, output_buffer_limit=STEP)
                yield piece
                # The mark of the end is seen only by a step that begins after the last full piece.
                data, more = b"", bool(piece) and not self._decoder.is_finished()
        except brotli.error as error:
            raise CodingError("brotli data are damaged") from error

    def end(self) -> None:
        """See Decoder."""
        if self._started and not self._decoder.is_finished():
            raise CodingError("compressed data end in the middle")


class Zstandard:
    """zstd, several frames too."""

    def __init__(self) -> None:
        self._decoder = self._new()
        self._started = False

    @staticmethod
    def _new() -> "zstandard.ZstdDecompressionObj":  # known to the type stubs only
        return zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """See Decoder."""
        try:
            for start in range(0, len(data), ZSTD_SLICE):
                rest = data[start : start + ZSTD_SLICE]
                while rest:
                    self._decoder = self._new() if self._decoder.eof else self._decoder
                    self._started = True
                    yield self._decoder.decompress(rest)
                    rest = self._decoder.unused_data if self._decoder.eof else b""
        except zstandard.ZstdError as error:
            raise CodingError("zstd data are damaged") from error

    def end(self) -> None:
        """See Decoder."""
        if self._started and not self._decoder.eof:
            raise CodingError("compressed data end in the middle")


class Body:
    """A response body as it comes in: decoded, and at most `limit` bytes, coded and decoded alike."""

    def __init__(self, encoding: str, limit: int) -> None:
        self._limit = limit
        self._coded = 0
        self._decoded = bytearray()
        self._decoders = _decoders(encoding)

    def add(self, data: bytes) -> None:
        """Take the next bytes from the wire; raises TooLargeError or CodingError."""
        self._coded += len(data)
        if self._coded > self._limit:
            raise TooLargeError
        for piece in _chain(self._decoders, data):
            self._decoded += piece
            if len(self._decoded) > self._limit:
                raise TooLargeError

    def finish(self) -> bytes:
        """The whole body; raises CodingError if it is cut short."""
        for decoder in self._decoders:
            decoder.end()
        return bytes(self._decoded)


def _chain(decoders: list[Decoder], data: bytes) -> Iterator[bytes]:
    if not decoders:
        yield data
        return
    for piece in decoders[0].feed(data):
        yield from _chain(decoders[1:], piece)


def _decoders(encoding: str) -> list[Decoder]:
    names = [name for name in re.split(r"[\s,]+", encoding.lower()) if name not in NO_CODING]
    if len(names) > MAX_CODINGS:
        raise CodingError("too many content codings")
    return [_decoder(name) for name in reversed(names)]


def _decoder(name: str) -> Decoder:
    if name in {"gzip", "x-gzip", "deflate"}:
        return Deflate(gzip=name != "deflate")
    if name == "br":
        return Brotli()
    if name == "zstd":
        return Zstandard()
    raise CodingError(f"the content coding {name[:40]!r} is not known")
