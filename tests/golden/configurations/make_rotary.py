"""Writes rotary.json: what transformers makes of the settings of RoPE. Run it in this folder."""

import json

import torch
import transformers
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

llama3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 256,
}
yarn = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
settings = [
    {"rope_type": "default"},
    {"rope_type": "linear", "factor": 2.5},
    {"rope_type": "dynamic", "factor": 4.0},
    llama3,
    {**llama3, "low_freq_factor": 0.5, "high_freq_factor": 40.0, "factor": 3.0},
    yarn,
    {**yarn, "truncate": False},
    {**yarn, "beta_fast": 8.0, "beta_slow": 0.25, "attention_factor": 0.5},
    {**yarn, "mscale": 0.707, "mscale_all_dim": 1.25},
    {**yarn, "original_max_position_embeddings": 4, "truncate": True},  # the passage is one pair long
]

cases = []
for theta, head_dim in [(10000.0, 8), (500.0, 24), (1000000.0, 64)]:
    for each in settings:
        for window in [1, 512, 513, 2000] if each["rope_type"] == "dynamic" else [1]:
            config = LlamaConfig(
                hidden_size=2 * head_dim,
                num_attention_heads=2,
                max_position_embeddings=512,
                rope_parameters={**each, "rope_theta": theta},
            )
            if each["rope_type"] == "default":
                computed = LlamaRotaryEmbedding.compute_default_rope_parameters(config)
            else:
                compute = ROPE_INIT_FUNCTIONS[each["rope_type"]]
                computed = compute(config, torch.device("cpu"), seq_len=window)
            frequencies, magnitude = computed
            cases.append(
                {
                    "settings": {**each, "rope_theta": theta},
                    "head_dim": head_dim,
                    "window": window,
                    "frequencies": [float(f"{value:.8g}") for value in frequencies.tolist()],
                    "magnitude": magnitude,
                }
            )

source = (
    f"transformers {transformers.__version__}, PyTorch {torch.__version__}: modeling_rope_utils.py, "
    "which computes in float32, of a LLaMA of 512 positions"
)
with open("rotary.json", "w") as file:
    lines = ",\n  ".join(json.dumps(case) for case in cases)
    file.write(f'{{\n "source": {json.dumps(source)},\n "cases": [\n  {lines}\n ]\n}}\n')
