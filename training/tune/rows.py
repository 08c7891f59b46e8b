"""Rows of training/answers as token ids: prompt in the model's own template, then the answer. Trains nothing."""
import hashlib
import json
from pathlib import Path

# As the model's chat template has it, where a conversation has no system prompt.
SYSTEM = "You are a helpful AI assistant. Answer briefly."
# Said first where the model hands over; the plain sentence behind it is for those who have nobody to hand over to.
HAND_OVER = "<empty_output>"


def read_file(file):
    """Returns the rows of a file, one JSON object a line."""
    return [json.loads(line) for line in Path(file).read_text("utf8").split("\n") if line.strip()]


def read_rows(folder):
    """Returns the rows of a folder's .jsonl files, in the order of their names."""
    return [row for file in sorted(Path(folder).glob("*.jsonl")) for row in read_file(file)]


def is_held_out(row):
    """One row in nine, by the hash of its id: the same ones whatever is added."""
    return int(hashlib.md5(row["id"].encode()).hexdigest(), 16) % 9 == 0


def encode(row, tokenizer):
    """Returns (prompt, answer) as lists of token ids."""
    text = f"<|im_start|>system\n{row.get('system') or SYSTEM}<|im_end|>\n"
    for message in row["messages"]:
        text += f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n"
    answer = (HAND_OVER if row.get("handover") else "") + row["answer"] + "<|im_end|>"
    return tokenizer.encode(text + "<|im_start|>assistant\n").ids, tokenizer.encode(answer).ids
