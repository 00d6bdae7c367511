"""Peer: the perplexity of an OPT-shaped model of random numbers in PyTorch, float32.

Argument: threads. Causal mask, softmax and cross entropy are part of what is timed.
"""

import math
import sys
import time

import torch
import torch.nn.functional as F

from serve import serve

threads = int(sys.argv[1])
torch.set_num_threads(threads)
torch.set_grad_enabled(False)
torch.manual_seed(1)


def linear(rows, columns):
    return torch.randn(rows, columns) * 0.02, torch.zeros(rows)


def norm(width):
    return torch.ones(width), torch.zeros(width)


class Block:
    def __init__(self, hidden):
        self.input_norm, self.mlp_norm = norm(hidden), norm(hidden)
        self.query, self.key, self.value, self.output = (linear(hidden, hidden) for _ in range(4))
        self.up, self.down = linear(4 * hidden, hidden), linear(hidden, 4 * hidden)

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


SHAPES = {"OPT-125M": {"hidden": 768, "layers": 12, "heads": 12, "vocabulary": 50272}}


def prepare(job):
    if job["execution"] != "FP32":
        raise ValueError("PyTorch is measured in FP32 only")
    shape, window = SHAPES[job["model"]], job["window"]
    hidden, vocabulary = shape["hidden"], shape["vocabulary"]
    embedding = torch.randn(vocabulary, hidden) * 0.02
    positions = torch.randn(window, hidden) * 0.02
    blocks = [Block(hidden) for _ in range(shape["layers"])]
    final_norm = norm(hidden)
    ids = torch.randint(vocabulary, (window,))

    def run():
        started = time.perf_counter()
        mask = torch.full((window, window), -math.inf).triu(1)
        x = F.embedding(ids, embedding) + positions
        for block in blocks:
            x = block(x, shape["heads"], mask)
        x = F.layer_norm(x, (hidden,), *final_norm)
        F.cross_entropy(F.linear(x[:-1], embedding), ids[1:]).item()
        return {"time": 1000 * (time.perf_counter() - started)}

    return run


facts = {"library": f"PyTorch {torch.__version__}", "level": "native", "threads": threads}
serve(facts, prepare)
