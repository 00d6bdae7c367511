"""Models of random numbers in the shapes of OPT-125M and SmolLM2-135M, float32 or bfloat16.

Written as functions of tensors, with the fused attention: what the engine can do, without the modules
and checks of a library of models around it.
"""

import time
from functools import lru_cache

import torch
import torch.nn.functional as F

TYPES = {"FP32": torch.float32, "BF16": torch.bfloat16}

SHAPES = {
    "OPT-125M": {
        **{"family": "opt", "layers": 12, "hidden": 768, "intermediate": 3072},
        **{"heads": 12, "key_heads": 12, "vocabulary": 50272},
    },
    "SmolLM2-135M": {
        **{"family": "llama", "layers": 30, "hidden": 576, "intermediate": 1536},
        **{"heads": 9, "key_heads": 3, "vocabulary": 49152},
    },
}

POSITIONS = 4096
STEPS_PER_TURN = 16


class Linear:
    def __init__(self, rows, columns, dtype, bias):
        self.weight = (torch.randn(rows, columns) * 0.02).to(dtype)
        self.bias = torch.zeros(rows, dtype=dtype) if bias else None

    def __call__(self, x):
        return F.linear(x, self.weight, self.bias)


class Block:
    """x: [tokens, hidden]; attend gets queries, keys and values as [heads, tokens, channels]."""

    def __init__(self, shape, dtype):
        hidden, intermediate = shape["hidden"], shape["intermediate"]
        self.heads, self.key_heads = shape["heads"], shape["key_heads"]
        self.channels = hidden // self.heads
        self.is_llama = shape["family"] == "llama"
        narrow = self.channels * self.key_heads

        def linear(rows, columns):
            return Linear(rows, columns, dtype, not self.is_llama)

        self.query, self.key = linear(hidden, hidden), linear(narrow, hidden)
        self.value, self.output = linear(narrow, hidden), linear(hidden, hidden)
        self.up, self.down = linear(intermediate, hidden), linear(hidden, intermediate)
        self.gate = linear(intermediate, hidden) if self.is_llama else None
        self.norms = [norm(hidden, dtype, self.is_llama) for _ in range(2)]

    def split(self, x, heads):
        return x.view(-1, heads, self.channels).transpose(0, 1)

    def __call__(self, x, rotation, attend):
        normed = self.norms[0](x)
        query = self.split(self.query(normed), self.heads)
        key = self.split(self.key(normed), self.key_heads)
        value = self.split(self.value(normed), self.key_heads)
        if self.is_llama:
            query, key = rotate(query, *rotation), rotate(key, *rotation)
        attended = attend(query, key, value).transpose(0, 1).reshape(x.shape)
        x = x + self.output(attended)
        normed = self.norms[1](x)
        if self.is_llama:
            return x + self.down(F.silu(self.gate(normed)) * self.up(normed))
        return x + self.down(F.relu(self.up(normed)))


def norm(width, dtype, is_llama):
    weight, bias = torch.ones(width, dtype=dtype), torch.zeros(width, dtype=dtype)
    if is_llama:
        return lambda x: F.rms_norm(x, (width,), weight, 1e-5)
    return lambda x: F.layer_norm(x, (width,), weight, bias)


def rotate(x, cosine, sine):
    first, second = x.chunk(2, -1)
    return x * cosine + torch.cat((-second, first), -1) * sine


class Model:
    def __init__(self, name, execution):
        torch.manual_seed(1)
        shape, dtype = SHAPES[name], TYPES[execution]
        hidden = shape["hidden"]
        self.shape, self.dtype = shape, dtype
        self.channels = hidden // shape["heads"]
        self.is_llama = shape["family"] == "llama"
        self.embedding = (torch.randn(shape["vocabulary"], hidden) * 0.02).to(dtype)
        self.positions = (torch.randn(POSITIONS, hidden) * 0.02).to(dtype)
        self.blocks = [Block(shape, dtype) for _ in range(shape["layers"])]
        self.final_norm = norm(hidden, dtype, self.is_llama)
        steps = torch.arange(0, self.channels, 2) / self.channels
        angles = torch.outer(torch.arange(POSITIONS), 1e5 ** -steps).repeat(1, 2)
        self.cosine, self.sine = angles.cos().to(dtype), angles.sin().to(dtype)

    def hidden(self, ids, start, attend):
        """attend(layer, query, key, value), of tokens from position start on."""
        end = start + len(ids)
        x = F.embedding(ids, self.embedding)
        if not self.is_llama:
            x = x + self.positions[start:end]
        rotation = self.cosine[start:end], self.sine[start:end]
        for index, block in enumerate(self.blocks):
            x = block(x, rotation, lambda *qkv, index=index: attend(index, *qkv))
        return self.final_norm(x)

    def logits(self, hidden):
        return F.linear(hidden, self.embedding)


@lru_cache(maxsize=None)
def model_of(name, execution):
    if name not in SHAPES or execution not in TYPES:
        raise ValueError(f"PyTorch has {', '.join(SHAPES)} in {' and '.join(TYPES)} only")
    return Model(name, execution)


def attention(query, key, value, causal):
    grouped = query.shape[0] != key.shape[0]
    return F.scaled_dot_product_attention(
        query[None], key[None], value[None], is_causal=causal, enable_gqa=grouped
    )[0]


def prepare_perplexity(job):
    """The losses of the next tokens of a window, whose mean is the logarithm of perplexity."""
    model = model_of(job["model"], job["execution"])
    ids = torch.randint(model.shape["vocabulary"], (job["window"],))

    def run():
        started = time.perf_counter()
        hidden = model.hidden(ids, 0, lambda _, *qkv: attention(*qkv, causal=True))
        F.cross_entropy(model.logits(hidden[:-1]).float(), ids[1:]).item()
        return {"time": 1000 * (time.perf_counter() - started)}

    return run


def prepare_step(job):
    """One token more, up to its logits; job["tokens"] are in the cache, the new one included."""
    model = model_of(job["model"], job["execution"])
    tokens, shape = job["tokens"], model.shape
    size = (2, shape["layers"], shape["key_heads"], tokens, model.channels)
    keys, values = torch.randn(size).to(model.dtype)
    ids = torch.randint(shape["vocabulary"], (1,))

    def step(position):
        def attend(layer, query, key, value):
            keys[layer, :, position] = key[:, 0]
            values[layer, :, position] = value[:, 0]
            seen = slice(position + 1)
            return attention(query, keys[layer, :, seen], values[layer, :, seen], causal=False)

        return model.logits(model.hidden(ids, position, attend)).argmax().item()

    def run():
        started = time.perf_counter()
        for position in range(tokens - STEPS_PER_TURN, tokens):
            step(position)
        return {"time": 1000 * (time.perf_counter() - started) / STEPS_PER_TURN}

    return run
