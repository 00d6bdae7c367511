"""Peer: PyTorch's float32 linear layer on the processor. Argument: threads."""

import sys

import torch

from serve import milliseconds, serve

threads = int(sys.argv[1])
torch.set_num_threads(threads)
torch.set_grad_enabled(False)


def prepare(job):
    if job["numbers"] != "float32":
        raise ValueError("PyTorch is measured in float32 only")
    x = torch.rand(job["rows"], job["columns"]) - 0.5
    weight = torch.rand(job["outputs"], job["columns"]) - 0.5
    return lambda: {"time": milliseconds(lambda: torch.nn.functional.linear(x, weight))}


facts = {"library": f"PyTorch {torch.__version__}", "level": "native", "threads": threads}
serve(facts, prepare)
