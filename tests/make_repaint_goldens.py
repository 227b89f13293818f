"""RePaint with latents: diffusers' RePaintScheduler around a small latent model, which no pipeline of diffusers does.

    python tests/make_repaint_goldens.py

writes tests/goldens/repaint_latents.json. The networks are those of tests/small_models.ts: PyTorch initialises them after a seed, so
that no weights are kept. Needs PyTorch and diffusers.
"""
import json
from pathlib import Path

import torch
from diffusers import RePaintScheduler, UNet2DModel, VQModel

SEED, STEPS, JUMP_LENGTH, JUMP_N_SAMPLE, ETA = 11, 5, 2, 2, 0.5


@torch.no_grad()
def main() -> None:
    torch.manual_seed(0)
    unet = UNet2DModel(block_out_channels=(4, 8), layers_per_block=1, norm_num_groups=4, sample_size=8,
                       down_block_types=("DownBlock2D", "AttnDownBlock2D"),
                       up_block_types=("AttnUpBlock2D", "UpBlock2D")).eval()
    torch.manual_seed(0)
    vqvae = VQModel(block_out_channels=(4, 8), norm_num_groups=4, latent_channels=3, num_vq_embeddings=32,
                    down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
                    scaling_factor=0.5).eval()
    # The picture is a formula, and so is the mask: its left part is kept, but for one pixel.
    picture = torch.arange(16 * 16 * 3).reshape(16, 16, 3) * 37 % 256
    keep = torch.ones(1, 1, 16, 16)
    keep[..., 9:] = 0
    keep[0, 0, 5, 3] = 0
    image = picture.permute(2, 0, 1)[None].float() / 255 * 2 - 1
    known = vqvae.encode(image).latents * vqvae.config.scaling_factor
    mask = -torch.nn.functional.max_pool2d(-keep, 2)  # a position is kept where all of its pixels are

    scheduler = RePaintScheduler(clip_sample=False)  # latents are not limited to -1..1
    scheduler.eta = ETA
    scheduler.set_timesteps(STEPS, JUMP_LENGTH, JUMP_N_SAMPLE)
    generator = torch.Generator().manual_seed(SEED)
    sample = torch.randn(known.shape, generator=generator)
    last = scheduler.timesteps[0] + 1
    for t in scheduler.timesteps:
        if t < last:
            sample = scheduler.step(unet(sample, t).sample, t, sample, known, mask, generator).prev_sample
        else:
            sample = scheduler.undo_step(sample, last, generator)
        last = t
    decoded = (vqvae.decode(sample / vqvae.config.scaling_factor).sample / 2 + 0.5).clamp(0, 1)
    pasted = keep * (image / 2 + 0.5) + (1 - keep) * decoded
    out = {"seed": SEED, "steps": STEPS, "jumpLength": JUMP_LENGTH, "jumpNSample": JUMP_N_SAMPLE, "eta": ETA,
           "latents": sample.flatten().tolist(), "tensor": pasted.flatten().tolist()}
    path = Path(__file__).parent / "goldens/repaint_latents.json"
    path.write_text(json.dumps(out, separators=(",", ":")) + "\n")
    print(path, sample.abs().max().item(), decoded.min().item(), decoded.max().item())


main()
