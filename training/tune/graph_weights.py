"""Reads the linear layers of a model folder's 4-bit graph back into codes, scales and offsets, as source_weights.py has
the source's. Writes nothing.
"""
import onnx
from onnx import numpy_helper
import numpy as np

from source_weights import BLOCK, LAYERS, MATRICES

GRAPH = "onnx/model_q4.onnx"
EMBED_ZERO = 128  # the embedding's codes are uint8 around it


def _nibbles(packed):
    return np.stack([packed & 15, packed >> 4], -1).reshape(*packed.shape[:-1], -1)


def load_graph(folder):
    """Returns what load_source returns, of the graph in a model folder. Offsets are exact but for the 4-bit rounding of
    the graph's extra columns (write_model.py)."""
    tensors = {t.name: t for t in onnx.load(f"{folder}/{GRAPH}").graph.initializer}
    array = lambda name: numpy_helper.to_array(tensors[name])

    def matrix(name):
        packed = array(f"{name}_Q")
        n, blocks = packed.shape[:2]
        codes = _nibbles(packed)
        scales = array(f"{name}_scales").astype(np.float32).reshape(n, blocks)
        zeros = _nibbles(array(f"{name}_zp").reshape(n, -1))[:, :blocks].astype(np.float32)
        # A matrix of K columns has K / 32 blocks and, behind them, one extra column a block, padded to whole blocks.
        columns = next(k for k in range(1, blocks) if k + -(-k // BLOCK) == blocks)
        extra = scales[:, columns:, None] * (codes[:, columns:] - zeros[:, columns:, None])
        offsets = extra.reshape(n, -1)[:, :columns] - scales[:, :columns] * zeros[:, :columns]
        return codes[:, :columns], scales[:, :columns], offsets

    def layer(i):
        norms = {norm: array(f"layers.{i}.{norm}") for norm in ("attn_norm", "ffn_norm")}
        return norms | {name: matrix(f"layers.{i}.{name}") for name in MATRICES}

    codes = array("embed_tokens_Q").astype(np.float32) - EMBED_ZERO
    scales = array("embed_tokens_scales").astype(np.float32).reshape(*codes.shape[:2], 1)
    return {
        "embed": (codes * scales).reshape(codes.shape[0], -1),
        "final_norm": array("final_norm"),
        "layers": [layer(i) for i in range(LAYERS)],
    }


def arrays_of(weights, first_layer=0):
    """Returns weights as load_source and load_graph return them under the names that tune.py writes, from a layer on."""
    arrays = {"final_norm": weights["final_norm"]}
    for i, layer in enumerate(weights["layers"][first_layer:], first_layer):
        arrays |= {f"{i}.{norm}": layer[norm] for norm in ("attn_norm", "ffn_norm")}
        for name in MATRICES:
            arrays |= {f"{i}.{name}.{part}": value for part, value in zip(("codes", "scales", "offsets"), layer[name])}
    return arrays


def embedding_row(row):
    """Returns (codes uint8 [blocks, 32], scales float16 [blocks]) of one row of the embedding."""
    blocks = row.reshape(-1, BLOCK)
    scales = np.maximum(np.abs(blocks).max(-1) / 127, 1e-8).astype(np.float16)
    codes = np.clip(np.round(blocks / scales.astype(np.float32)[:, None]) + EMBED_ZERO, 0, 255)
    return codes.astype(np.uint8), scales
