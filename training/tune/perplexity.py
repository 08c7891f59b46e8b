"""Perplexity on general English: python perplexity.py [TEXT …] [--tuned MODEL_FOLDER …]

Of the source's weights, and of tuned models beside them: what tuning on short answers took from the model's English. A TEXT is
plain, or .jsonl in the form of training/exam, whose English requests are read where none is given: mails, news, conversations,
written for this project and trained on by nothing. Each is read by itself, in float32, behind the token that stands between
texts; its first token is not counted: what a chat begins with is not what a text begins with. Writes nothing.
"""
import argparse
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from decoder import Decoder
from graph_weights import load_graph
from rows import HAND_OVER, read_file
from source_weights import load_source, source_path

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 512  # tokens; what is longer is cut
SHORTEST = 32  # tokens; a short question says little


def texts_of(file):
    """Returns the last turn of each English row, or the paragraphs of a plain text."""
    if file.endswith(".jsonl"):
        return [row["messages"][-1]["content"] for row in read_file(file) if row["language"] == "en"]
    return [" ".join(part.split()) for part in Path(file).read_text("utf8").split("\n\n")]


@torch.no_grad()
def perplexity(model, texts):
    loss = count = 0
    for ids in texts:
        row = torch.tensor([ids])
        at = torch.arange(len(ids))[None]
        loss += float(F.cross_entropy(model(model.states(row), (at > 0) & (at < len(ids) - 1)), row[0, 2:], reduction="sum"))
        count += len(ids) - 2
    return math.exp(loss / count)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("texts", nargs="*", default=[str(file) for file in sorted((ROOT / "training/exam").glob("*.jsonl"))])
    arguments.add_argument("--tuned", action="append", default=[], help="a model folder; may be repeated")
    arguments.add_argument("--model", default=str(ROOT / "models/Ulfberht-135M"), help="whose tokenizer is used")
    options = arguments.parse_args()
    tokenizer = Tokenizer.from_file(f"{options.model}/tokenizer.json")
    begin, hand_over = (tokenizer.token_to_id(token) for token in ("<|endoftext|>", HAND_OVER))
    encoded = [tokenizer.encode(text).ids for file in options.texts for text in texts_of(file)]
    texts = [[begin, *ids[:LONGEST]] for ids in encoded if len(ids) >= SHORTEST]
    if not texts:
        arguments.error(f"no text has {SHORTEST} tokens or more")
    print(f"{len(texts)} texts, {sum(map(len, texts)) - 2 * len(texts)} tokens")
    measure = lambda weights: perplexity(Decoder(weights, hand_over, torch.float32), texts)
    source = measure(load_source(source_path()))
    print(f"source: {source:.2f}", flush=True)
    for folder in options.tuned:
        tuned = measure(load_graph(folder))
        print(f"{folder}: {tuned:.2f} ({tuned / source - 1:+.1%})", flush=True)


if __name__ == "__main__":
    main()
