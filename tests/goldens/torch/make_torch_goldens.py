"""Checkpoints that the other goldens do not have, all of {"w": arange(6) as [2, 3]} or close to it.

containers/ and hostile/ are a selection of the shared goldens of those names. Needs PyTorch 2.13.

    python make_torch_goldens.py
"""

import collections
import os

import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def save(name, value, **options):
    torch.save(value, os.path.join(HERE, "made", name), **options)


def main():
    os.makedirs(os.path.join(HERE, "made"), exist_ok=True)
    w = torch.arange(6.0).reshape(2, 3)
    state = {"w": w}
    legacy = {"_use_new_zipfile_serialization": False}
    save("legacy_protocol_1.pt", state, pickle_protocol=1, **legacy)
    save("legacy_protocol_4.pt", state, pickle_protocol=4, **legacy)
    save("zip_protocol_1.pt", state, pickle_protocol=1)
    save("zip_protocol_3.pt", state, pickle_protocol=3)
    torch.serialization.set_crc32_options(False)
    save("no_checksums.pt", state)
    torch.serialization.set_crc32_options(True)
    save("complex.pt", {"w": w, "c": torch.complex(w, w)})
    save("negated.pt", {"w": torch.complex(w, w).conj().imag})
    save("bits.pt", {"w": torch.tensor([0x7FA00001, -1], dtype=torch.int32).view(torch.float32)[::1]})
    save("whole_module.pt", torch.nn.Linear(2, 2))
    save("one_tensor.pt", w)
    extra = {"set": {1, 2}, "bytes": b"\x00\xff", "size": w.shape, "dtype": torch.float16, "complex": 1 + 2j}
    counted = {"counter": collections.Counter("aab"), "default": collections.defaultdict(list, {"w": w})}
    save("python_values.pt", {**extra, **counted, "epoch": 3, "device": torch.device("cpu")})


if __name__ == "__main__":
    main()
