"""Peer: PyTorch on the processor. Arguments: threads, and the library that must have been preloaded."""

import sys

if len(sys.argv) > 2:  # the dynamic linker goes on without a library that it does not find
    with open("/proc/self/maps") as maps:
        if sys.argv[2] not in maps.read():
            sys.exit(f"{sys.argv[2]} is not installed")  # before PyTorch, which takes seconds

import torch

import torch_gptq
import torch_models
import torch_products
from serve import serve

threads = int(sys.argv[1])
torch.set_num_threads(threads)
torch.set_grad_enabled(False)

KINDS = {
    "perplexity": torch_models.prepare_perplexity,
    "step": torch_models.prepare_step,
    "product": torch_products.prepare,
    "gptq": torch_gptq.prepare,
}


def prepare(job):
    if job["kind"] not in KINDS:
        raise ValueError(f"Cannot run a job: kind must be {', '.join(KINDS)}, got {job['kind']}")
    return KINDS[job["kind"]](job)


facts = {"library": f"PyTorch {torch.__version__}", "level": "native", "threads": threads}
serve(facts, prepare, torch_models.model_of.cache_clear)
