"""GPTQ of one weight matrix (Frantar et al. 2023, algorithm 1) in PyTorch, float32: blocks of 128
columns, and asymmetric grids for groups of so many. The Hessian is given."""

import time

import torch

BLOCK = 128
DAMPING = 0.01


def prepare(job):
    rows, columns = job["outputs"], job["columns"]
    torch.manual_seed(1)
    weight = torch.randn(rows, columns) * 0.02
    inputs = torch.randn(2 * columns, columns)
    hessian = inputs.T @ inputs / columns
    del inputs

    def run():
        started = time.perf_counter()
        quantize(weight, hessian, job["bits"], job["groupSize"])
        return {"time": 1000 * (time.perf_counter() - started)}

    return run


def quantize(weight, hessian, bits, group_size):
    """weight [rows, columns], hessian [columns, columns]; returns the codes and the loss."""
    weight, columns = weight.clone(), weight.shape[1]
    factor = inverse_factor(hessian)
    codes = torch.empty_like(weight, dtype=torch.uint8)
    loss = 0.0
    for start in range(0, columns, BLOCK):
        end = min(start + BLOCK, columns)
        block, errors = weight[:, start:end].clone(), torch.empty(weight.shape[0], end - start)
        inner = factor[start:end, start:end]
        for i in range(end - start):
            if (start + i) % group_size == 0:
                scale, zero = grid(weight[:, start + i : start + i + group_size], bits)
            column = block[:, i]
            code = (torch.round(column / scale) + zero).clamp_(0, 2**bits - 1)
            errors[:, i] = (column - scale * (code - zero)) / inner[i, i]
            block[:, i:] -= torch.outer(errors[:, i], inner[i, i:])
            codes[:, start + i] = code
        loss += errors.square().sum().item() / 2
        weight[:, end:] -= errors @ factor[start:end, end:]
    return codes, loss


def inverse_factor(hessian):
    """The upper triangle U with H^-1 = U^T U, H being damped."""
    damped = hessian.clone()
    damped.diagonal().add_(DAMPING * damped.diagonal().mean())
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(damped))
    return torch.linalg.cholesky(inverse, upper=True)


def grid(group, bits):
    """Scale and zero point of each row."""
    low, high = group.amin(1).clamp(max=0), group.amax(1).clamp(min=0)
    scale = (high - low) / (2**bits - 1)
    scale[scale == 0] = 1
    return scale, torch.round(-low / scale)
