"""Interim."""

import hashlib

import numpy as np
import torch


def random_state(shapes, seed):
    out = {}
    for name, shape in shapes.items():
        r = np.random.RandomState(np.frombuffer(hashlib.sha256(f"{seed}/{name}".encode()).digest(), dtype="<u4"))
        leaf = name.rpartition(".")[2]
        if leaf == "num_batches_tracked":
            t = torch.zeros((), dtype=torch.int64)
        elif leaf == "running_var":
            t = torch.ones(shape)
        elif len(shape) < 2:
            t = torch.zeros(shape) if leaf != "weight" else torch.full(shape, 0.5)
        else:
            t = torch.from_numpy(((r.random_sample(shape) - 0.5) * 2 * (3 / np.prod(shape[1:])) ** 0.5).astype("f4"))
        out[name] = t
    return out


def state_hash(model):
    return "0"


def class_count(state, builder):
    return 91
