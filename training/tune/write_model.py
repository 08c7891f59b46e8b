"""Writes tuned weights into the model's graph: python write_model.py TUNED.npz MODEL_FOLDER OUT_FOLDER

Without TUNED.npz (a minus sign in its place) the source's own weights are written. Graph and tokenizer are the given
model's, and so are the weights that TUNED.npz does not hold; only initialisers change.

A Q4_1 block is d * q + m. MatMulNBits is fast with integer zero points only, d * (q - z), and rounding m / d to an integer
costs a lot (KL of the next token 0.28 and more). So z = round(-m / d), and what is left, r = m + d * z, goes into extra
columns: the layer's input is extended by the sum of each of its blocks, the matrix by one column a block that holds r.
Those columns are rounded to 4 bits; their error is a thirtieth of a step.
"""
import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from graph_weights import GRAPH, arrays_of, embedding_row
from source_weights import BLOCK, VOCABULARY, load_source, source_path


def round_to_4_bits(weight):
    """Returns codes, scales (representable in float16) and zero points of the least squared error in a small search."""
    n, k = weight.shape
    blocks = weight.reshape(n, k // BLOCK, BLOCK)
    low, high = np.minimum(blocks.min(-1), 0), np.maximum(blocks.max(-1), 0)
    best = None
    for shrink in np.linspace(1.0, 0.72, 15):
        s = np.maximum((high - low) * shrink / 15, 1e-6).astype(np.float16).astype(np.float32)
        z = np.clip(np.round(-low * shrink / s), 0, 15)
        q = np.clip(np.round(blocks / s[..., None]) + z[..., None], 0, 15)
        error = ((s[..., None] * (q - z[..., None]) - blocks) ** 2).sum(-1)
        if best is None:
            best = [error, q, s, z]
        else:
            better = error < best[0]
            choose = lambda new, old: np.where(better if new.ndim == 2 else better[..., None], new, old)
            best = [choose(new, old) for new, old in zip((error, q, s, z), best)]
    _, q, s, z = best
    return q.reshape(n, k).astype(np.uint8), s, z


def linear_initialisers(name, codes, scales, offsets):
    """Returns the arrays of one linear layer by the names of its initialisers."""
    scales = scales.astype(np.float16).astype(np.float32)
    n, blocks, _ = codes.shape
    zeros = np.clip(np.round(-offsets / scales), 0, 15)
    remainder = np.zeros((n, -(-blocks // BLOCK) * BLOCK), np.float32)
    remainder[:, :blocks] = offsets + scales * zeros
    extra_codes, extra_scales, extra_zeros = round_to_4_bits(remainder)
    q = np.concatenate([codes.reshape(n, -1), extra_codes], 1)
    z = np.concatenate([zeros, extra_zeros], 1).astype(np.uint8)
    if z.shape[1] % 2:
        z = np.concatenate([z, np.zeros((n, 1), np.uint8)], 1)
    return {
        f"{name}_Q": (q[:, 0::2] | (q[:, 1::2] << 4)).reshape(n, -1, BLOCK // 2),
        f"{name}_scales": np.concatenate([scales, extra_scales], 1).astype(np.float16).reshape(-1),
        f"{name}_zp": (z[:, 0::2] | (z[:, 1::2] << 4)).reshape(-1),
    }


def changed_initialisers(arrays):
    """Returns the initialisers of what tuning moved; `arrays` as tune.py names them."""
    found = {"final_norm": arrays["final_norm"]}
    for name, array in arrays.items():
        if name.endswith("_norm") and name != "final_norm":
            found[f"layers.{name}"] = array
        elif name.endswith(".scales"):
            linear = name.removesuffix(".scales")
            found |= linear_initialisers(f"layers.{linear}", *(arrays[f"{linear}.{part}"] for part in ("codes", "scales", "offsets")))
        elif name.endswith(".weight"):
            raise ValueError(f"{name} has not been rounded: quantize.py does it")
    return found


def write_embedding_rows(initialisers, tuned):
    """Replaces the rows of the embedding that tuning moved."""
    rows = {int(name.removeprefix("embed.")): row for name, row in tuned.items() if name.startswith("embed.")}
    for name, part in (("embed_tokens_Q", 0), ("embed_tokens_scales", 1)):
        array = numpy_helper.to_array(initialisers[name]).copy()
        by_row = array if part == 0 else array.reshape(-1, array.size // VOCABULARY)
        for index, row in rows.items():
            by_row[index] = embedding_row(row)[part]
        initialisers[name].CopyFrom(numpy_helper.from_array(array, name))


def keep_judge(model, out):
    """Copies the head of a model whose lower layers, which are all that it reads, are the given model's bit for bit."""
    file = model / "judge.json"
    if not file.exists():
        return
    head = json.loads(file.read_text("utf8"))
    head["graphSha256"] = hashlib.sha256((out / GRAPH).read_bytes()).hexdigest()
    (out / "judge.json").write_text(json.dumps(head, indent=2) + "\n", "utf8")


def main(tuned, model, out):
    graph = onnx.load(f"{model}/{GRAPH}")
    tuned = arrays_of(load_source(source_path())) if tuned == "-" else dict(np.load(tuned))
    initialisers = {initialiser.name: initialiser for initialiser in graph.graph.initializer}
    for name, array in changed_initialisers(tuned).items():
        old = numpy_helper.to_array(initialisers[name])
        if old.shape != array.shape or old.dtype != array.dtype:
            raise ValueError(f"{name} is {old.dtype} {old.shape}, not {array.dtype} {array.shape}")
        initialisers[name].CopyFrom(numpy_helper.from_array(array, name))
    write_embedding_rows(initialisers, tuned)
    for file in [*Path(model).glob("*.json"), *Path(model).glob("LICENSE*")]:
        if file.name not in ("judge.json", "model-card.json"):
            Path(out).mkdir(parents=True, exist_ok=True)
            shutil.copy(file, out)
    Path(out, "onnx").mkdir(parents=True, exist_ok=True)
    onnx.save(graph, f"{out}/{GRAPH}")
    if "0.attn_norm" not in tuned:
        keep_judge(Path(model), Path(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
