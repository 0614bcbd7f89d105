"""The network as an ONNX graph with 8-bit weights, written node by node. Trains and measures nothing.

Written by hand, not by PyTorch's exporter: the fused operators, the quantisation and the names are then the same
whatever the versions. Dense weights are kept to 7 bits: 8-bit ones overflow the 16-bit sums of processors without
VNNI, and the same model would judge differently on different machines. Word embeddings stay in the 4 bits in which
the base is published, so that nothing is lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.train.base import BLOCK, quantise
from monitor.train.network import STEPS, TYPES

OPSET = 18
IR = 10
FUSED = "com.microsoft"
BITS7 = 63
LOUD = 16
"""How many input features of each dense layer stay in float32."""
Floats = npt.NDArray[np.float32]
Inputs = Mapping[str, tuple[Floats, Floats]]
"""For each dense layer by name, the largest magnitude and the mean of each of its input features."""


@dataclass(slots=True)
class Graph:
    """Nodes and constants as they are added; every method returns the name of what it added."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def op(self, kind: str, *inputs: str, domain: str = "", outputs: int = 1, name: str = "", **attributes: Any) -> Any:
        """Adds a node; its one output's name, or a list of several."""
        from onnx import helper

        stem = name or f"{kind.lower()}_{len(self.nodes)}"
        names = [stem] if outputs == 1 else [f"{stem}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, name=stem, **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, name: str, value: npt.ArrayLike) -> str:
        """Adds a constant array."""
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def dense(self, x: str, name: str, weight: Floats, seen: Inputs, bias: Floats | None = None) -> str:
        """A dense layer with 7-bit weights, one scale an output; `weight` has output rows.

        Activations share one scale, and a few features are tens of times larger than the rest, which would be rounded
        away. So those few are kept apart in float32 (LLM.int8, Dettmers et al. 2022), and of the others what is large
        is made smaller, and its weights larger (SmoothQuant, Xiao et al. 2023). What rounding the weights does to the
        mean output is taken back in the bias.
        """
        peak, mean = seen[name]
        loud = np.sort(np.argsort(peak)[-LOUD:])
        smooth = np.sqrt(np.maximum(peak, 1e-3) / np.maximum(np.abs(weight).max(axis=0), 1e-3))
        calm = 1 / smooth
        calm[loud] = 0
        scaled = weight * smooth
        scaled[:, loud] = 0
        scale = np.maximum(np.abs(scaled).max(axis=1), 1e-12) / BITS7
        codes = np.rint(scaled / scale[:, None]).astype(np.int8).T
        quiet = self.op("Mul", x, self.constant(f"{name}.calm", calm.astype(np.float32)))
        shift = (scaled - codes.T * scale[:, None]) @ (mean * calm) + (0 if bias is None else bias)
        weights = [self.constant(f"{name}.w", codes), self.constant(f"{name}.s", scale.astype(np.float32))]
        shifted = self.constant(f"{name}.b", shift.astype(np.float32))
        most = self.op("DynamicQuantizeMatMul", quiet, *weights, "", shifted, domain=FUSED)
        apart = self.op("Gather", x, self.constant(f"{name}.loud", loud), axis=2)
        rest = self.op("MatMul", apart, self.constant(f"{name}.loud.w", weight[:, loud].T))
        return str(self.op("Add", most, rest, name=name))


def write(state: dict[str, Floats], layers: int, heads: int, epsilon: float, positions: int, seen: Inputs) -> bytes:
    """The serialised model.

    `state` holds the network's arrays; `positions` is the most tokens that an item may have.
    """
    graph = Graph()
    segments = graph.op("Cast", "segments", to=6)
    mask = graph.op("Cast", graph.op("Greater", segments, graph.constant("zero", np.int32(0))), to=6)
    hidden = _embed(graph, state, epsilon, positions)
    for number in range(layers):
        hidden = _layer(graph, state, f"encoder.encoder.layer.{number}.", hidden, mask, heads, epsilon, seen)
    _outputs(graph, state, hidden, segments, mask)
    return _serialise(graph)


def _embed(graph: Graph, state: dict[str, Floats], epsilon: float, positions: int) -> str:
    """Word embeddings unpacked from 4 bits, plus position and type, normalised."""
    packed, scales = quantise(state["encoder.embeddings.word_embeddings.weight"])
    codes = graph.op("Gather", graph.constant("words.codes", packed), "input_ids")
    rows = graph.op("Cast", graph.op("Gather", graph.constant("words.scales", scales), "input_ids"), to=1)
    blocks = packed.shape[1] * 2 // BLOCK
    halves = graph.op("Reshape", codes, graph.constant("words.halves", np.array([0, 0, blocks, BLOCK // 2])))
    low = graph.op("BitwiseAnd", halves, graph.constant("words.low", np.uint8(15)))
    high = graph.op("BitShift", halves, graph.constant("words.high", np.uint8(4)), direction="RIGHT")
    nibbles = graph.op("Cast", graph.op("Concat", low, high, axis=3), to=1)
    centred = graph.op("Sub", nibbles, graph.constant("words.centre", np.float32(8)))
    scaled = graph.op("Mul", centred, graph.op("Unsqueeze", rows, graph.constant("last", np.array([3]))))
    words = graph.op("Reshape", scaled, graph.constant("words.flat", np.array([0, 0, blocks * BLOCK])))
    length = graph.op("Shape", "input_ids", start=1, end=2)
    offset = (
        state["encoder.embeddings.position_embeddings.weight"][:positions]
        + state["encoder.embeddings.token_type_embeddings.weight"][0]
    )
    places = graph.op("Slice", graph.constant("places", offset), graph.constant("first", np.array([0])), length)
    norm = "encoder.embeddings.LayerNorm."
    weights = [graph.constant(norm + part, state[norm + part]) for part in ("weight", "bias")]
    return str(graph.op("LayerNormalization", graph.op("Add", words, places), *weights, axis=-1, epsilon=epsilon))


def _layer(
    graph: Graph, state: dict[str, Floats], prefix: str, x: str, mask: str, heads: int, epsilon: float, seen: Inputs
) -> str:
    """One transformer layer."""

    def norm(x: str, skip: str, dense: str) -> str:
        parts = (f"{dense}.LayerNorm.weight", f"{dense}.LayerNorm.bias", f"{dense}.dense.bias")
        weights = [graph.constant(prefix + part, state[prefix + part]) for part in parts]
        return str(graph.op("SkipLayerNormalization", x, skip, *weights, domain=FUSED, epsilon=epsilon))

    own = [f"{prefix}attention.self.{part}" for part in ("query", "key", "value")]
    joined, bias = (np.concatenate([state[f"{name}.{kind}"] for name in own]) for kind in ("weight", "bias"))
    packed = graph.dense(x, f"{prefix}qkv", joined, seen, bias)
    q, k, v = graph.op("Split", packed, axis=2, outputs=3, num_outputs=3)
    attended = graph.op("MultiHeadAttention", q, k, v, "", mask, domain=FUSED, num_heads=heads)
    mixed = graph.dense(attended, f"{prefix}attended", state[f"{prefix}attention.output.dense.weight"], seen)
    x = norm(mixed, x, "attention.output")
    wide = graph.dense(x, f"{prefix}wide", state[f"{prefix}intermediate.dense.weight"], seen)
    name = f"{prefix}intermediate.dense.bias"
    active = graph.op("BiasGelu", wide, graph.constant(name, state[name]), domain=FUSED)
    narrow = graph.dense(active, f"{prefix}narrow", state[f"{prefix}output.dense.weight"], seen)
    return norm(narrow, x, "output")


def _outputs(graph: Graph, state: dict[str, Floats], hidden: str, segments: str, mask: str) -> None:
    """The pooled features, the three heads and the embedding."""
    is_title = graph.op("Cast", graph.op("Equal", segments, graph.constant("one", np.int32(1))), to=6)
    whole, title = _mean(graph, hidden, mask), _mean(graph, hidden, is_title)
    start = graph.op("Gather", hidden, graph.constant("start", np.int64(0)), axis=1)
    features = graph.op("Concat", start, title, whole, axis=1)
    names = ("shared.weight", "shared.bias", "heads.weight", "heads.bias")
    shared_weight, shared_bias, heads_weight, heads_bias = (graph.constant(name, state[name]) for name in names)
    product = graph.op("MatMul", features, graph.op("Transpose", shared_weight, perm=[1, 0]))
    shared = graph.op("BiasGelu", product, shared_bias, domain=FUSED)
    logits = graph.op("Gemm", shared, heads_weight, heads_bias, transB=1)
    sizes = graph.constant("sizes", np.array([1, len(TYPES), STEPS]))
    relevance, types, severity = graph.op("Split", logits, sizes, axis=1, outputs=3)
    graph.op("Squeeze", relevance, graph.constant("flat", np.array([1])), name="relevance")
    graph.op("Identity", types, name="types")
    graph.op("Identity", severity, name="severity")
    turned = graph.op("Gemm", whole, graph.constant("project", state["project.weight"]), transB=1)
    graph.op("LpNormalization", turned, axis=1, p=2, name="embedding")


def _mean(graph: Graph, hidden: str, mask: str) -> str:
    """The mean of the tokens where the mask is 1."""
    weights = graph.op("Cast", mask, to=1)
    row = graph.op("Unsqueeze", weights, graph.constant(f"{mask}.row", np.array([1])))
    total = graph.op("Squeeze", graph.op("MatMul", row, hidden), graph.constant(f"{mask}.flat", np.array([1])))
    count = graph.op("ReduceSum", weights, graph.constant(f"{mask}.axis", np.array([1])), keepdims=1)
    return str(graph.op("Div", total, graph.op("Max", count, graph.constant(f"{mask}.least", np.float32(1)))))


def _serialise(graph: Graph) -> bytes:
    from onnx import TensorProto, helper

    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["items", "tokens"])
        for name in ("input_ids", "segments")
    ]
    shapes = {
        "relevance": ["items"],
        "types": ["items", len(TYPES)],
        "severity": ["items", STEPS],
        "embedding": ["items", "hidden"],
    }
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    body = helper.make_graph(graph.nodes, "balkan-monitor", inputs, outputs, graph.constants)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)]
    model = helper.make_model(body, opset_imports=opsets, ir_version=IR, producer_name="balkan-monitor")
    return bytes(model.SerializeToString())
