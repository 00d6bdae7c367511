"""PyTorch's linear layer in float32 and bfloat16."""

import torch

from serve import milliseconds

TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def prepare(job):
    if job["numbers"] not in TYPES:
        raise ValueError(f"PyTorch is measured in {' and '.join(TYPES)} only")
    dtype = TYPES[job["numbers"]]
    x = (torch.rand(job["rows"], job["columns"]) - 0.5).to(dtype)
    weight = (torch.rand(job["outputs"], job["columns"]) - 0.5).to(dtype)
    return lambda: {"time": milliseconds(lambda: torch.nn.functional.linear(x, weight))}
