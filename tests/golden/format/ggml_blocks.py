"""Writes ggml_blocks.safetensors: random blocks of each type, and their values by the gguf package.

pip install gguf==0.19.0 safetensors==0.8.0
"""

import os

import gguf
import numpy as np
from safetensors.numpy import save_file

ROWS, BLOCKS = 2, 2
# Where the halves of a block begin.
HALVES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
    "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
}  # fmt: skip

random = np.random.default_rng(1)
tensors = {}
for name, places in HALVES.items():
    kind = gguf.GGMLQuantizationType[name]
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = random.integers(0, 256, (ROWS * BLOCKS, size), dtype=np.uint8)
    for place in places:
        scale = random.normal(0, 0.02, ROWS * BLOCKS).astype(np.float16)
        blocks[:, place : place + 2] = scale.view(np.uint8).reshape(-1, 2)
    tensors[f"{name}.blocks"] = blocks.reshape(ROWS, BLOCKS * size)
    tensors[f"{name}.values"] = gguf.dequantize(tensors[f"{name}.blocks"], kind)
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ggml_blocks.safetensors")
save_file(tensors, path, {"source": "gguf 0.19.0 (Python), gguf.dequantize, by ggml_blocks.py"})
