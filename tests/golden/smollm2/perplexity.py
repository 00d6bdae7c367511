"""Perplexity of a GGUF file by Transformers and PyTorch, dequantized to float32: perplexity.json.

usage: python perplexity.py MODEL.gguf TEXT OUT.json [--windows N]

pip install torch==2.13.0 transformers==5.24.0 accelerate gguf==0.19.0

The whole text as one, without a start token, in windows of 2048, the tail dropped; the loss of a
window is the mean over its 2047 predictions. The tokenizer is made from the file's own tokens and
merges with the pre-tokenizer that its `smollm` names (each digit apart, then GPT-2's pattern):
Transformers passes over that name. The result is written anew after each window, and a run that
was stopped continues.
"""

import argparse
import hashlib
import json
import math
import os
from importlib import metadata

import gguf
import tokenizers
import torch
import transformers

WINDOW = 2048


def token_ids(path, text):
    fields = gguf.GGUFReader(path).fields
    of = lambda name: fields[f"tokenizer.ggml.{name}"].contents()
    assert of("model") == "gpt2" and of("pre") == "smollm" and not of("add_bos_token")
    vocabulary = {token: number for number, token in enumerate(of("tokens"))}
    merges = [tuple(merge.split(" ")) for merge in of("merges")]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([
        tokenizers.pre_tokenizers.Digits(individual_digits=True),
        tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])
    control = [token for token, kind in zip(of("tokens"), of("token_type")) if kind == 3]
    tokenizer.add_special_tokens(control)
    return tokenizer.encode(text).ids


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(path, result):
    losses = result["windowLosses"]
    result["perplexity"] = math.exp(sum(losses) / len(losses))
    with open(f"{path}.part", "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    os.replace(f"{path}.part", path)


def main():
    parser = argparse.ArgumentParser()
    for name in ("model", "text", "out"):
        parser.add_argument(name)
    parser.add_argument("--windows", type=int)
    arguments = parser.parse_args()
    with open(arguments.text, encoding="utf-8", newline="") as file:
        ids = token_ids(arguments.model, file.read())
    windows = len(ids) // WINDOW
    result = {
        "source": f"transformers {transformers.__version__} (gguf_file=, float32, eager attention),"
        f" PyTorch {torch.__version__}, gguf {metadata.version('gguf')}, by perplexity.py",
        "model": os.path.basename(arguments.model),
        "modelSha256": sha256(arguments.model),
        "textSha256": sha256(arguments.text),
        "tokens": len(ids),
        "idsSha256": hashlib.sha256(torch.tensor(ids, dtype=torch.int32).numpy().tobytes()).hexdigest(),
        "window": WINDOW,
        "windows": windows,
        "windowLosses": [],
    }
    if os.path.exists(arguments.out):
        with open(arguments.out) as file:
            result["windowLosses"] = json.load(file)["windowLosses"]
    folder, name = os.path.split(os.path.abspath(arguments.model))
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=name, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    wanted = min(windows, arguments.windows or windows)
    for index in range(len(result["windowLosses"]), wanted):
        window = torch.tensor([ids[index * WINDOW : (index + 1) * WINDOW]])
        with torch.no_grad():
            logits = model(window, use_cache=False).logits[0, :-1].double()
        loss = torch.nn.functional.cross_entropy(logits, window[0, 1:])
        result["windowLosses"].append(loss.item())
        write(arguments.out, result)
        print(index + 1, wanted, loss.item(), result["perplexity"], flush=True)


main()
