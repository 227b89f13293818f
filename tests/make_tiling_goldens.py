"""Writes what diffusers' AutoencoderKL computes in tiles; see blended_tiles_test.ts. Weights are PyTorch's own after manual_seed(0), so
that a file holds only input and output.

    python tests/make_tiling_goldens.py tests/goldens/tiling
"""
import json
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file

CONFIG = {
    "block_out_channels": [8, 8, 16], "layers_per_block": 1, "norm_num_groups": 4, "latent_channels": 4,
    "down_block_types": ["DownEncoderBlock2D"] * 3, "up_block_types": ["UpDecoderBlock2D"] * 3,
}


@torch.no_grad()
def main(out: Path) -> None:
    torch.manual_seed(0)
    vae = AutoencoderKL(**CONFIG).eval()
    vae.enable_tiling()
    for name, size, overlap in (("quarter", 4, 0.25), ("third", 6, 1 / 3), ("none", 4, 0.0)):
        vae.tile_latent_min_size, vae.tile_sample_min_size, vae.tile_overlap_factor = size, 4 * size, overlap
        generator = torch.Generator().manual_seed(1)
        latents = torch.randn(1, 4, 9, 13, generator=generator)
        picture = torch.rand(1, 3, 28, 36, generator=generator) * 2 - 1
        decoded = vae.decode(latents).sample
        moments = vae._encode(picture) if hasattr(vae, "_encode") else vae.encode(picture).latent_dist.parameters
        case = {"tile": size, "overlap": overlap, "config": CONFIG}
        save_file({"input.latents": latents, "input.picture": picture, "output.decoded": decoded.contiguous(),
                   "output.moments": moments.contiguous()}, out / f"{name}.safetensors", metadata={"case": json.dumps({"kind": "tiling", **case})})
        print(name, decoded.shape, decoded.abs().max(), moments.shape, moments.abs().max())


main(Path(sys.argv[1]))
