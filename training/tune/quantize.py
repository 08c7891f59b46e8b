"""Rounds weights that learned as a whole to 4 bits: python quantize.py WHOLE.npz MODEL_FOLDER OUT.npz

The model folder is what WHOLE.npz was tuned from. A block's scale and offset are fitted to its new weights with the codes that
it had, then its codes are chosen anew: so a weight that tuning left alone costs no rounding. Column after column is rounded,
and what that takes from the layer's output is made up for by the columns that are still to come (Frantar et al. 2022, "GPTQ"),
on the inputs that rows of training/answers give the layer, behind layers that are rounded already. What is still lost, a short
`tune.py --start` with the result gets back.
"""
import sys
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from decoder import FIRST_TUNED, Decoder, WholeLinear
from graph_weights import load_graph
from rows import HAND_OVER, encode, is_held_out, read_rows
from source_weights import BLOCK, MATRICES
from tune import Examples, LONGEST, batches, best_device

ROOT = Path(__file__).resolve().parents[2]
TOKENS = 40_000  # that the moments of a layer's inputs are taken from
DAMPING = 0.01  # of the mean diagonal, as GPTQ has it
LARGEST = 15


def fitted(weight, codes, scales, importance):
    """Returns scales and offsets [N] that bring a block's codes [N, 32] closest to weight, by importance [32] of the columns."""
    share = importance / importance.sum()
    middle, mean = (codes * share).sum(1), (weight * share).sum(1)
    spread = ((codes - middle[:, None]) ** 2 * share).sum(1)
    slope = ((codes - middle[:, None]) * (weight - mean[:, None]) * share).sum(1) / spread.clamp(min=1e-6)
    scales = torch.where((spread > 0) & (slope > 0), slope, scales).half().float()
    return scales, mean - scales * middle


def round_columns(weight, moment, codes, scales):
    """Returns codes [N, K], scales and offsets [N, K / 32] for weight [N, K]. `moment` [K, K] is that of its inputs, `codes`
    and `scales` those of the model before."""
    damped = moment + DAMPING * moment.diagonal().mean() * torch.eye(len(moment))
    factor = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(damped)), upper=True)
    left, codes, scales, offsets = weight.clone(), codes.clone(), scales.clone(), torch.empty_like(scales)
    for block, start in enumerate(range(0, weight.shape[1], BLOCK)):
        end = start + BLOCK
        scale, offset = fitted(left[:, start:end], codes[:, start:end], scales[:, block], moment.diagonal()[start:end])
        scales[:, block], offsets[:, block] = scale, offset
        divisor = torch.where(scale == 0, torch.ones_like(scale), scale)
        errors = torch.empty(len(weight), BLOCK)
        for at in range(start, end):
            codes[:, at] = ((left[:, at] - offset) / divisor).round().clamp(0, LARGEST)
            error = (left[:, at] - (scale * codes[:, at] + offset)) / factor[at, at]
            left[:, at + 1 : end] -= torch.outer(error, factor[at, at + 1 : end])
            errors[:, at - start] = error
        left[:, end:] -= errors @ factor[start:end, end:]
    return codes, scales, offsets


def lost(weight, rounded, moment):
    """Returns the share of the output's energy that rounding takes."""
    energy = lambda matrix: float(((matrix @ moment) * matrix).sum())
    return energy(weight - rounded) / energy(weight)


class Calibration:
    """What rows of training/answers bring to the layers, one after another."""

    def __init__(self, model, rows):
        self.model, self.states, tokens = model, [], 0
        examples = Examples(model, rows, "cpu")
        for indices in batches(rows, np.random.default_rng(0)):
            if tokens >= TOKENS:
                break
            states = examples.batch(indices)[0]
            lengths = torch.tensor([sum(map(len, rows[i])) for i in indices])
            self.states.append((states, torch.arange(states.shape[1]) < lengths[:, None]))
            tokens += int(lengths.sum())

    @torch.no_grad()
    def moment(self, layer, name):
        """Returns the second moment [K, K] of a matrix's inputs."""
        linear, kept, found = getattr(layer, name), None, None

        def add(_, inputs):
            nonlocal found
            x = inputs[0][kept].float()
            found = x.T @ x if found is None else found.addmm_(x.T, x)

        hook = linear.register_forward_pre_hook(add)
        for states, kept in self.states:
            self.model.through([layer], states)
        hook.remove()
        return found

    @torch.no_grad()
    def advance(self, layer):
        self.states = [(self.model.through([layer], states), kept) for states, kept in self.states]


@torch.no_grad()
def quantize(model, weights, calibration):
    """Rounds the model's matrices in place; returns the arrays that write_model.py reads."""
    arrays = {}
    for i, layer in enumerate(model.above, FIRST_TUNED):
        for name in MATRICES:
            linear, (before, before_scales, _) = getattr(layer, name), weights["layers"][i][name]
            before = torch.tensor(before).float()
            moment = calibration.moment(layer, name)
            codes, scales, offsets = round_columns(linear.weight, moment, before.flatten(1), torch.tensor(before_scales))
            codes = codes.view(before.shape)
            rounded = (scales[..., None] * codes + offsets[..., None]).flatten(1)
            moved = float((codes != before).float().mean())
            print(f"{i}.{name}: {moved:.2%} of the codes are others, {lost(linear.weight, rounded, moment):.2e} lost", flush=True)
            linear.weight.copy_(rounded)
            parts = {"codes": codes.to(torch.uint8), "scales": scales, "offsets": offsets}
            arrays |= {f"{i}.{name}.{part}": value.numpy() for part, value in parts.items()}
        calibration.advance(layer)
    return arrays


def main(whole, folder, out):
    whole, weights = dict(np.load(whole)), load_graph(folder)
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    model = Decoder(weights, tokenizer.token_to_id(HAND_OVER), best_device()[1], WholeLinear)
    norms = {name: array for name, array in whole.items() if not name.endswith(".weight")}
    with torch.no_grad():
        for i, layer in enumerate(model.above, FIRST_TUNED):
            for name in MATRICES:
                getattr(layer, name).weight.copy_(torch.tensor(whole[f"{i}.{name}.weight"]))
            for norm in ("attn_norm", "ffn_norm"):
                getattr(layer, norm).copy_(torch.tensor(whole[f"{i}.{norm}"]))
    rows = [encode(row, tokenizer) for row in read_rows(ROOT / "training/answers") if not is_held_out(row)]
    calibration = Calibration(model, [row for row in rows if sum(map(len, row)) <= LONGEST])
    np.savez(out, **norms, **quantize(model, weights, calibration))


if __name__ == "__main__":
    main(*sys.argv[1:])
