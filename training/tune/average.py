"""Averages tuned weights: python average.py OUT.npz PART=WEIGHT [PART=WEIGHT ...]

A part is an .npz of tune.py or a model folder. Where all have the same 4-bit codes, scales and offsets are averaged and the
result is a model; else the weights are, and quantize.py makes a model of them. The row of the token that hands over comes
from the .npz parts only: a folder's may never have learned.

Weights that lie on one way of tuning often do better averaged than each by itself (Wortsman et al. 2022, "Model soups").
"""
import sys
from pathlib import Path

import numpy as np

from decoder import FIRST_TUNED
from graph_weights import arrays_of, load_graph


def whole(arrays):
    """Returns the arrays with each matrix as its weights, whatever it was."""
    found = dict(arrays)
    for name in [name.removesuffix(".codes") for name in arrays if name.endswith(".codes")]:
        codes, scales, offsets = (found.pop(f"{name}.{part}") for part in ("codes", "scales", "offsets"))
        found[f"{name}.weight"] = (scales[..., None] * codes + offsets[..., None]).reshape(len(codes), -1)
    return found


def same_codes(parts):
    """Whether each part has codes, and the same ones."""
    names = [name for name in parts[0] if name.endswith(".codes")]
    return bool(names) and all(name in part and np.array_equal(part[name], parts[0][name]) for part in parts for name in names)


def average(parts):
    """Returns the weighted mean of each array, over the parts that hold it. `parts`: (arrays, weight) pairs."""
    names = {name for arrays, _ in parts for name in arrays}
    holding = {name: [(arrays[name], weight) for arrays, weight in parts if name in arrays] for name in names}
    return {
        name: held[0][0] if name.endswith(".codes") else sum(a * w for a, w in held) / sum(w for _, w in held)
        for name, held in holding.items()
    }


def main(out, *parts):
    pairs = [part.rsplit("=", 1) for part in parts]
    read = lambda path: dict(np.load(path)) if Path(path).suffix == ".npz" else arrays_of(load_graph(path), FIRST_TUNED)
    arrays = [read(path) for path, _ in pairs]
    if not same_codes(arrays):
        arrays = [whole(part) for part in arrays]
    np.savez(out, **average([(part, float(weight)) for part, (_, weight) in zip(arrays, pairs)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
