"""Averages tuned weights: python average.py OUT.npz PART=WEIGHT [PART=WEIGHT ...]

A part is an .npz of tune.py or the folder of a model that was tuned from the same source, whose 4-bit codes are therefore the
same. The row of the token that hands over comes from the .npz parts only: a folder's may never have learned.

Weights that lie on one way of tuning often do better averaged than each by itself (Wortsman et al. 2022, "Model soups").
"""
import sys
from pathlib import Path

import numpy as np

from decoder import FIRST_TUNED
from graph_weights import load_graph
from source_weights import MATRICES


def folder_arrays(folder):
    """Returns what tune.py would have written of a model folder's layers, by the same names."""
    weights = load_graph(folder)
    arrays = {"final_norm": weights["final_norm"]}
    for i, layer in enumerate(weights["layers"][FIRST_TUNED:], FIRST_TUNED):
        arrays |= {f"{i}.{norm}": layer[norm] for norm in ("attn_norm", "ffn_norm")}
        for name in MATRICES:
            _, arrays[f"{i}.{name}.scales"], arrays[f"{i}.{name}.offsets"] = layer[name]
    return arrays


def average(parts):
    """Returns the weighted mean of each array, over the parts that hold it. `parts`: (arrays, weight) pairs."""
    names = {name for arrays, _ in parts for name in arrays}
    holding = {name: [(arrays[name], weight) for arrays, weight in parts if name in arrays] for name in names}
    return {name: sum(a * w for a, w in held) / sum(w for _, w in held) for name, held in holding.items()}


def main(out, *parts):
    pairs = [part.rsplit("=", 1) for part in parts]
    read = lambda path: dict(np.load(path)) if Path(path).suffix == ".npz" else folder_arrays(path)
    np.savez(out, **average([(read(path), float(weight)) for path, weight in pairs]))


if __name__ == "__main__":
    main(*sys.argv[1:])
