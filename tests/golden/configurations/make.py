"""
Writes goldens.json, goldens.safetensors and the weights beside it: tiny models with random weights, and
what transformers makes of them under many configurations. Run it in this folder.
"""

import json

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

shared = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "vocab_size": 40,
    "max_position_embeddings": 16,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": None,
}
llama = {
    **shared,
    "model_type": "llama",
    "intermediate_size": 24,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": True,
}
qwen2 = {**llama, "max_position_embeddings": 40, "model_type": "qwen2", "use_sliding_window": True, "sliding_window": 7}
mistral = {**llama, "max_position_embeddings": 40, "model_type": "mistral"}
opt = {
    **shared,
    "model_type": "opt",
    "ffn_dim": 24,
    "word_embed_proj_dim": 16,
    "do_layer_norm_before": True,
    "activation_function": "gelu",
    "max_position_embeddings": 40,
}
galactica = {**opt, "enable_bias": False, "layer_norm_elementwise_affine": False}
bloom = {
    "model_type": "bloom",
    "hidden_size": 16,
    "n_layer": 3,
    "n_head": 4,
    "vocab_size": 40,
    "apply_residual_connection_post_layernorm": True,
}


def scaled(rope_type, **fields):
    return {**llama, "rope_parameters": {"rope_type": rope_type, "rope_theta": 500.0, **fields}}


yarn = {"factor": 4.0, "original_max_position_embeddings": 8}
# Name: configuration, the case whose weights it shares, tokens of the window.
cases = {
    "llama-linear": (scaled("linear", factor=4.0), None, 40),
    "llama-dynamic-short": (scaled("dynamic", factor=4.0), "llama-linear", 16),
    "llama-dynamic": (scaled("dynamic", factor=4.0), "llama-linear", 40),
    "llama-llama3": (
        scaled(
            "llama3",
            factor=8.0,
            low_freq_factor=1.0,
            high_freq_factor=4.0,
            original_max_position_embeddings=8,
        ),
        "llama-linear",
        40,
    ),
    "llama-yarn": (scaled("yarn", **yarn), "llama-linear", 32),
    "llama-yarn-untruncated": (
        scaled("yarn", **yarn, truncate=False, beta_fast=4.0, beta_slow=0.5, mscale=0.7, mscale_all_dim=1.2),
        "llama-linear",
        32,
    ),
    "qwen2-later-layers": ({**qwen2, "max_window_layers": 1}, None, 40),
    "qwen2-layer-types": (
        {**qwen2, "layer_types": ["full_attention", "full_attention", "sliding_attention"]},
        "qwen2-later-layers",
        40,
    ),
    "qwen2-no-window": ({**qwen2, "use_sliding_window": False}, "qwen2-later-layers", 40),
    "mistral": ({**mistral, "sliding_window": 5}, "llama-linear", 40),
    "mistral-two": ({**mistral, "sliding_window": 2}, "llama-linear", 10),
    "mistral-no-window": ({**mistral, "sliding_window": None}, "llama-linear", 40),
    "opt-gelu": (opt, None, 40),
    "opt-galactica": (galactica, None, 40),
    "opt-galactica-norms-after": (
        {**galactica, "do_layer_norm_before": False},
        "opt-galactica",
        40,
    ),
    "bloom-residual-behind-norm": (bloom, None, 40),
}


def scatter(model, seed):
    """Every parameter matters: gains around 1, biases and matrices far from 0."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.ndim == 2:
            parameter.data = noise * (1.5 / parameter.shape[1] ** 0.5)
        else:
            parameter.data = 0.3 * noise + ("norm" in name and name.endswith("weight"))


def window_of(length):
    return [(7 * i * i + 3 * i + 5) % 40 for i in range(length)]


@torch.no_grad()
def decoded(model, ids, first):
    """The logits with a cache: `first` tokens at once, the others one by one."""
    outputs = model(torch.tensor([ids[:first]]), use_cache=True)
    rows = [outputs.logits[0]]
    for token in ids[first:]:
        outputs = model(torch.tensor([[token]]), cache=outputs.past_key_values, use_cache=True)
        rows.append(outputs.logits[0])
    return torch.cat(rows)


goldens, tensors, weights = {}, {}, {}
for seed, (name, (config, shares, length)) in enumerate(cases.items()):
    def fresh():
        model = AutoModelForCausalLM.from_config(
            AutoConfig.for_model(**json.loads(json.dumps(config))), attn_implementation="eager"
        ).eval().float()
        scatter(model, seed)
        if shares:
            missing = model.load_state_dict(weights[shares], strict=False).missing_keys
            assert missing in ([], ["lm_head.weight"]), missing
        model.tie_weights()
        return model.double()

    model = fresh()
    if not shares:
        state = {key: value.float().clone() for key, value in model.state_dict().items()}
        weights[name] = {key: value for key, value in state.items() if key != "lm_head.weight"}
        save_file(weights[name], f"{name}.safetensors", metadata={"format": "pt"})
    ids = window_of(length)
    with torch.no_grad():
        tensors[f"{name}.logits"] = model(torch.tensor([ids]), use_cache=False).logits[0].float()
    first = length // 4
    tensors[f"{name}.decoded"] = decoded(fresh(), ids, first).float().contiguous()
    goldens[name] = {"weights": shares or name, "tokens": length, "first": first, "config": config}

source = (
    f"transformers {transformers.__version__}, PyTorch {torch.__version__}: the official code in float64 "
    "(its explicit float32 left intact), eager attention"
)
note = (
    "token i of every window is (7 i i + 3 i + 5) mod 40; `logits` of the whole window at once, `decoded` "
    "with a cache, the `first` tokens at once and the others one by one"
)
with open("goldens.json", "w") as file:
    lines = ",\n  ".join(f"{json.dumps(name)}: {json.dumps(case)}" for name, case in goldens.items())
    file.write(
        f'{{\n "source": {json.dumps(source)},\n "note": {json.dumps(note)},\n "cases": {{\n  {lines}\n }}\n}}\n'
    )
save_file(tensors, "goldens.safetensors")
for name in cases:
    distance = (tensors[f"{name}.logits"] - tensors[f"{name}.decoded"]).abs().max().item()
    print(f"{name}: decoding differs by {distance:.2e}")
