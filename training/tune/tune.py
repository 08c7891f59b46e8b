"""Tunes the model on training/answers: python tune.py OUT.npz [--start FOLDER [--above-anew]] [--whole] [--add FILE] ...

Beside OUT.npz it writes OUT.1.npz and so on, the weights after each epoch, for average.py; and OUT.json: the loss on rows that
were held out, before and after, by where they come from.

Answers are weighted by the inverse root of their length, so that labels of one token count. A share of the words of the
requests is learned, too, with less weight: it keeps the model's language. What enters the first tuned layer is computed
once and kept in memory (1 to 2 KB a token).
"""
import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from decoder import FIRST_TUNED, Decoder, QuantizedLinear, WholeLinear
from graph_weights import load_graph
from rows import HAND_OVER, encode, is_held_out, read_file, read_rows
from source_weights import load_source, source_path

ROOT = Path(__file__).resolve().parents[2]
TOKENS = 1200  # padded tokens of a batch
WARM_UP = 15  # steps
WHOLE_RATE = 1e-4  # four times that is worse on rows held out (README.md)
LONGEST = 700  # tokens of a row; longer ones are left out
REQUEST_SHARE = 0.25  # of a request's tokens, drawn anew for each batch
REQUEST_WEIGHT = 0.2  # of their mean loss, beside that of the answers


def batches(rows, random=None):
    """Returns lists of indices of rows of like length."""
    lengths = np.array([len(p) + len(a) for p, a in rows])
    order = np.argsort(lengths if random is None else lengths * random.uniform(0.9, 1.1, len(rows)))
    found, current = [], []
    for i in order:
        if current and max(lengths[j] for j in [*current, i]) * (len(current) + 1) > TOKENS:
            found.append(current)
            current = []
        current.append(i)
    found.append(current)
    if random is not None:
        random.shuffle(found)
    return found


def best_device():
    """Returns device and the type that is fast on it: bfloat16 only where the hardware multiplies it."""
    if torch.cuda.is_available():
        return "cuda", torch.bfloat16
    wide = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return "cpu", torch.bfloat16 if wide else torch.float32


class Examples:
    """Encoded rows with their states, which are computed when they are first asked for."""

    def __init__(self, model, rows, device):
        self.model, self.rows, self.device, self._states = model, rows, device, [None] * len(rows)

    def batch(self, indices, random=None):
        """Returns states [batch, length, hidden], kept [batch, length], targets and weights of the kept positions: those of
        the answers and, where `random` is given, a share of those of the requests. Weights of the answers sum up to 1."""
        missing = [i for i in indices if self._states[i] is None]
        if missing:
            self._compute(missing)
        width = max(len(self._states[i]) for i in indices)
        states = torch.stack([F.pad(self._states[i], (0, 0, 0, width - len(self._states[i]))) for i in indices])
        kept = torch.zeros((len(indices), width), dtype=torch.bool)
        targets, weights, request_weights = [], [], []
        for j, i in enumerate(indices):
            prompt, answer = self.rows[i]
            drawn = [] if random is None else np.flatnonzero(random.random(len(prompt) - 1) < REQUEST_SHARE).tolist()
            kept[j, drawn + list(range(len(prompt) - 1, len(prompt) + len(answer) - 1))] = True
            targets += [prompt[k + 1] for k in drawn] + answer
            weights += [0.0] * len(drawn) + [1 / math.sqrt(len(answer))] * len(answer)
            request_weights += [1.0] * len(drawn) + [0.0] * len(answer)
        weights, request_weights = torch.tensor(weights), torch.tensor(request_weights)
        weights = weights / weights.sum() + REQUEST_WEIGHT * request_weights / request_weights.sum().clamp(min=1)
        return tuple(t.to(self.device) for t in (states, kept, torch.tensor(targets), weights))

    def _compute(self, indices):
        texts = [torch.tensor(self.rows[i][0] + self.rows[i][1]) for i in indices]
        states = self.model.states(torch.nn.utils.rnn.pad_sequence(texts, batch_first=True, padding_value=2).to(self.device)).cpu()
        for i, text, state in zip(indices, texts, states):
            self._states[i] = state[: len(text)].clone()


@torch.no_grad()
def evaluate(model, examples):
    """Returns the mean loss of a token, the share of tokens that are right, and how many there were."""
    loss = right = count = 0
    for indices in batches(examples.rows):
        states, kept, targets, _ = examples.batch(indices)
        logits = model(states, kept)
        loss += float(F.cross_entropy(logits, targets, reduction="sum"))
        right += int((logits.argmax(-1) == targets).sum())
        count += len(targets)
    return {"loss": loss / max(count, 1), "right": right / max(count, 1), "tokens": count}


def parameter_groups(model, options):
    """Returns what learns with its rate: all weights of a layer, where they do, take smaller steps than scales and norms."""
    whole = {id(m.weight) for m in model.modules() if isinstance(m, WholeLinear)}
    learning = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in learning if id(p) not in whole], "rate": options.rate},
        {"params": [p for p in learning if id(p) in whole], "rate": options.whole_rate},
    ]
    return [group for group in groups if group["params"]]


def describe(held_out):
    return "; ".join(f"{name}: loss {m['loss']:.3f}, next token right {m['right']:.1%}" for name, m in held_out.items())


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("out")
    arguments.add_argument("--epochs", type=int, default=2)
    arguments.add_argument("--rate", type=float, default=2e-3, help="of scales, offsets and norms")
    arguments.add_argument("--whole", action="store_true", help="all weights of the tuned layers learn; then quantize.py")
    arguments.add_argument("--whole-rate", type=float, default=WHOLE_RATE, help="of all weights")
    arguments.add_argument("--steps", type=int, help="to stop after; the rate falls to its least by then")
    arguments.add_argument("--answers", default=str(ROOT / "training/answers"), help="a folder of rows")
    arguments.add_argument("--share", type=float, default=1.0, help="of the folder's rows that learn, drawn at random")
    arguments.add_argument("--add", action="append", default=[], help="a file of more rows, all of which learn; may be repeated")
    arguments.add_argument("--model", default=str(ROOT / "models/Ulfberht-135M"), help="whose tokenizer is used")
    arguments.add_argument("--start", help="model folder whose weights are tuned further; the source's where none is given")
    arguments.add_argument("--above-anew", action="store_true", help="of --start, only the layers that the judge reads are taken")
    options = arguments.parse_args()
    if options.above_anew and not options.start:
        arguments.error("--above-anew needs --start: the folder whose lower layers are taken")

    tokenizer = Tokenizer.from_file(f"{options.model}/tokenizer.json")
    sources = {"project": read_rows(options.answers), "added": [row for file in options.add for row in read_file(file)]}
    encoded = [(name, is_held_out(row), encode(row, tokenizer)) for name, rows in sources.items() for row in rows]
    fitting = [(name, held, (p, a)) for name, held, (p, a) in encoded if len(p) + len(a) <= LONGEST]
    if len(fitting) < len(encoded):
        print(f"{len(encoded) - len(fitting)} rows of more than {LONGEST} tokens are left out")
    encoded = fitting
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    device, dtype = best_device()
    weights = load_graph(options.start) if options.start else load_source(source_path())
    if options.above_anew:
        source = load_source(source_path())
        weights |= {"layers": weights["layers"][:FIRST_TUNED] + source["layers"][FIRST_TUNED:], "final_norm": source["final_norm"]}
    linear = WholeLinear if options.whole else QuantizedLinear
    model = Decoder(weights, tokenizer.token_to_id(HAND_OVER), dtype, linear).to(device)
    learns = lambda name, held: not held and (name == "added" or random.random() < options.share)
    train = Examples(model, [row for name, held, row in encoded if learns(name, held)], device)
    held_out = {n: Examples(model, [row for name, held, row in encoded if held and name == n], device) for n in sources}
    held_out = {name: examples for name, examples in held_out.items() if examples.rows}
    measure = lambda: {name: evaluate(model, examples) for name, examples in held_out.items()}
    groups = parameter_groups(model, options)
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0, fused=True)
    steps, step, start = options.epochs * len(batches(train.rows)), 0, time.time()
    steps = min(steps, options.steps or steps)
    before = measure()
    print(f"before: {describe(before)}", flush=True)
    print(f"{len(train.rows)} rows, about {steps} steps on {device} in {dtype}", flush=True)
    for epoch in range(options.epochs):
        for indices in batches(train.rows, random)[: steps - step]:
            states, kept, targets, weights = train.batch(indices, random)
            loss = (F.cross_entropy(model(states, kept), targets, reduction="none") * weights).sum()
            loss.backward()
            progress = math.cos(math.pi * min(1, step / steps))
            for group in optimizer.param_groups:
                torch.nn.utils.clip_grad_norm_(group["params"], 1.0)
                group["lr"] = group["rate"] * min(1, (step + 1) / WARM_UP) * (0.05 + 0.475 * (1 + progress))
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step += 1
            if step % 20 == 0:
                print(f"step {step}: loss {loss.item():.3f}, {time.time() - start:.0f} s", flush=True)
        after = measure()
        print(f"epoch {epoch + 1}: {describe(after)}, {time.time() - start:.0f} s", flush=True)
        np.savez(options.out, **model.tuned())
        np.savez(Path(options.out).with_suffix(f".{epoch + 1}.npz"), **model.tuned())
        Path(options.out).with_suffix(".json").write_text(json.dumps({"before": before, "after": after}) + "\n")


if __name__ == "__main__":
    main()
