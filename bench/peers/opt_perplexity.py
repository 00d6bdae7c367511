"""Times the perplexity of an OPT-125M-shaped model with random weights in PyTorch, CPU, float32.

One JSON object a line is printed per run: {"seconds": ..., "loss": ...}; the first line describes
the machine's PyTorch: {"torch": version, "threads": count}.
"""

import argparse
import json
import math
import os
import time

import torch
import torch.nn.functional as F


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--window", type=int, default=2048)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--hidden", type=int, default=768)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--intermediate", type=int, default=3072)
    parser.add_argument("--vocabulary", type=int, default=50272)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--runs", type=int, default=5, help="timed runs, after one to warm up")
    return parser.parse_args()


def linear(rows, columns):
    return torch.randn(rows, columns) * 0.02, torch.zeros(rows)


def norm(width):
    return torch.ones(width), torch.zeros(width)


class Block:
    def __init__(self, hidden, intermediate):
        self.input_norm, self.mlp_norm = norm(hidden), norm(hidden)
        self.query, self.key, self.value, self.output = (linear(hidden, hidden) for _ in range(4))
        self.up, self.down = linear(intermediate, hidden), linear(hidden, intermediate)

    def __call__(self, x, heads, mask):
        tokens, hidden = x.shape
        normed = F.layer_norm(x, (hidden,), *self.input_norm)
        query, key, value = (
            F.linear(normed, *each).view(tokens, heads, hidden // heads).transpose(0, 1)
            for each in (self.query, self.key, self.value)
        )
        scale = 1 / math.sqrt(hidden // heads)
        probabilities = torch.baddbmm(mask, query, key.transpose(1, 2), alpha=scale).softmax(-1)
        attended = torch.bmm(probabilities, value).transpose(0, 1).reshape(tokens, hidden)
        x = x + F.linear(attended, *self.output)
        normed = F.layer_norm(x, (hidden,), *self.mlp_norm)
        return x + F.linear(F.relu(F.linear(normed, *self.up)), *self.down)


@torch.no_grad()
def main():
    options = parse()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    window, hidden = options.window, options.hidden
    embedding = torch.randn(options.vocabulary, hidden) * 0.02
    positions = torch.randn(window, hidden) * 0.02
    blocks = [Block(hidden, options.intermediate) for _ in range(options.layers)]
    final_norm = norm(hidden)
    ids = torch.randint(options.vocabulary, (window,))
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    for run in range(options.runs + 1):
        started = time.perf_counter()
        mask = torch.full((window, window), -math.inf).triu(1)
        x = F.embedding(ids, embedding) + positions
        for block in blocks:
            x = block(x, options.heads, mask)
        x = F.layer_norm(x, (hidden,), *final_norm)
        loss = F.cross_entropy(F.linear(x[:-1], embedding), ids[1:]).item()
        seconds = time.perf_counter() - started
        if run > 0:
            print(json.dumps({"seconds": seconds, "loss": loss}), flush=True)


main()
