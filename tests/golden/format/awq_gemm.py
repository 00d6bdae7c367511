"""Writes awq_gemm.safetensors: random codes in AWQ's gemm layout and what they stand for.

Packed as AutoAWQ's WQLinear_GEMM.from_linear does (one output after the other, order_map), and read back as
its dequantize_gemm does (all shifts at once, then the reverse order), which is another way round.
Needs numpy and safetensors: python awq_gemm.py
"""
import numpy as np
from safetensors.numpy import save_file

rng = np.random.default_rng(5)
inputs, outputs, group = 48, 24, 16
codes = rng.integers(0, 16, (inputs, outputs))
zeros = rng.integers(0, 16, (inputs // group, outputs))
scales = rng.uniform(0.01, 0.1, (inputs // group, outputs)).astype(np.float16)


def pack(values):
    packed = np.zeros((values.shape[0], values.shape[1] // 8), np.uint32)
    for column in range(packed.shape[1]):
        for place, output in enumerate([0, 2, 4, 6, 1, 3, 5, 7]):
            packed[:, column] |= values[:, column * 8 + output].astype(np.uint32) << (4 * place)
    return packed.view(np.int32)


def unpack(packed):
    fields = (packed[:, :, None] >> np.arange(0, 32, 4)) & 15
    return fields[:, :, [0, 4, 1, 5, 2, 6, 3, 7]].reshape(packed.shape[0], -1)


qweight, qzeros = pack(codes), pack(zeros)
assert (unpack(qweight) == codes).all()
spread = lambda values: np.repeat(values, group, axis=0)
difference = (unpack(qweight) - spread(unpack(qzeros))).astype(np.float32)
weight = difference * spread(scales).astype(np.float32)
save_file({
    "qweight": qweight,
    "qzeros": qzeros,
    "scales": scales.astype(np.float32),
    "dequantized": np.ascontiguousarray(weight.T),
}, "awq_gemm.safetensors")
