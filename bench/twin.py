"""The classifier's network in float32 PyTorch, for `transformers.pipeline`: from the shipped graph, or as trained."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np


def state(path: Path) -> dict[str, Any]:
    """The network's arrays from the shipped ONNX file: every 8-bit and 4-bit weight as the float32 it stands for."""
    import onnx
    from onnx import numpy_helper

    arrays = {one.name: numpy_helper.to_array(one) for one in onnx.load(str(path)).graph.initializer}
    found = {name: value for name, value in arrays.items() if name.endswith((".weight", ".bias"))}
    found["project.weight"] = arrays["project"]
    found["encoder.embeddings.word_embeddings.weight"] = _words(arrays["words.codes"], arrays["words.scales"])
    # The token type's row is part of the positions there.
    found["encoder.embeddings.position_embeddings.weight"] = arrays["places"]
    for name, codes in arrays.items():
        if not name.endswith(".w") or codes.dtype != np.int8:
            continue
        stem = name.removesuffix(".w")
        weight = codes.T.astype(np.float32) * arrays[f"{stem}.s"].reshape(-1, 1) * arrays[f"{stem}.calm"]
        weight[:, arrays[f"{stem}.loud"]] = arrays[f"{stem}.loud.w"].T
        bias = arrays[f"{stem}.b"]
        prefix, _, kind = stem.rpartition(".")
        if kind == "qkv":
            for i, part in enumerate(("query", "key", "value")):
                rows = slice(i * len(weight) // 3, (i + 1) * len(weight) // 3)
                found[f"{prefix}.attention.self.{part}.weight"] = weight[rows]
                found[f"{prefix}.attention.self.{part}.bias"] = bias[rows]
        else:
            place = {"attended": "attention.output", "wide": "intermediate", "narrow": "output"}[kind]
            found[f"{prefix}.{place}.dense.weight"] = weight
            found[f"{prefix}.{place}.dense.bias"] = found[f"{prefix}.{place}.dense.bias"] + bias
    return found


def _words(codes: Any, scales: Any) -> Any:
    blocks = codes.reshape(len(codes), scales.shape[1], -1)
    nibbles = np.concatenate([blocks & 15, blocks >> 4], axis=2).astype(np.float32) - 8
    return (nibbles * scales.astype(np.float32)[:, :, None]).reshape(len(codes), -1)


def pipeline(folder: Path, weights: Path | None) -> Any:
    """A `text-classification` pipeline that gives the network's eleven logits for {text, text_pair}."""
    import torch
    import transformers
    from tokenizers.processors import TemplateProcessing
    from torch import nn
    from transformers.modeling_outputs import SequenceClassifierOutput

    from monitor.train.network import STEPS, TYPES, forward

    transformers.logging.set_verbosity(logging.CRITICAL)  # it does not know the class below, and says so at length
    document = json.loads((folder / "config.json").read_text("utf-8"))
    limits = document["monitor"]["limits"]
    arrays = None if weights else state(folder / "model.onnx")
    positions = (
        document["max_position_embeddings"]
        if arrays is None
        else len(arrays["encoder.embeddings.position_embeddings.weight"])
    )
    labels = ["relevance", *map(str, TYPES), *(f"severity {i + 2}" for i in range(STEPS))]
    config = transformers.BertConfig(**document | {"max_position_embeddings": positions})
    config.id2label, config.label2id = dict(enumerate(labels)), {label: i for i, label in enumerate(labels)}

    class Twin(transformers.PreTrainedModel):
        config_class = transformers.BertConfig

        def __init__(self) -> None:
            super().__init__(config)
            hidden = config.hidden_size
            self.network = nn.ModuleDict(
                {
                    "encoder": transformers.BertModel(config, add_pooling_layer=False),
                    "shared": nn.Linear(3 * hidden, hidden),
                    "drop": nn.Dropout(0.1),
                    "heads": nn.Linear(hidden, len(labels)),
                    "project": nn.Linear(hidden, hidden, bias=False),
                }
            )

        def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any, **_: Any) -> Any:
            out = forward(self.network, input_ids, (token_type_ids + 1) * attention_mask)
            return SequenceClassifierOutput(logits=torch.cat([out.relevance[:, None], out.types, out.severity], dim=1))

    twin = Twin()
    if arrays is None:
        twin.network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    else:
        tensors = {name: torch.from_numpy(np.array(value, np.float32)) for name, value in arrays.items()}
        zero = torch.zeros(config.type_vocab_size, config.hidden_size)
        twin.network.load_state_dict(tensors | {"encoder.embeddings.token_type_embeddings.weight": zero})
    names = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"),
        model_max_length=limits["total"],
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **names,
    )
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s>:1 $B:1 </s>:1", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return transformers.pipeline(
        "text-classification",
        model=twin.eval(),
        tokenizer=tokenizer,
        device="cpu",
        top_k=None,
        function_to_apply="none",
    )
