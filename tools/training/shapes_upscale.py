"""Trains the embedded super-resolution model, in diffusers' own classes, on top of train_tiny.py.

    PYTHONPATH=../../tests/goldens python shapes_upscale.py free OUT   # the autoencoder, without its codebook
    PYTHONPATH=../../tests/goldens python shapes_upscale.py vq OUT     # a codebook fitted to its latents, then all of it together
    PYTHONPATH=../../tests/goldens python shapes_upscale.py sr OUT     # the denoiser, and the model's folder

MINUTES=n bounds a stage's training time. The embedded model had 1,100 steps of twice 16 crops, 420 of the same, and the steps of
the denoiser that its card tells, on two CPU cores. With RANK=0 and RANK=1 two processes average their gradients (STEPS=n each).
"""
import json
import os
import random
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

import train_tiny as tiny
from linear_start import start_autoencoder, start_denoiser

CODES, SIDE, BATCH, ITEM = 8192, 48, 16, 128
SCHEDULE = {**tiny.SCHEDULE, "prediction_type": "sample"}
RANK = int(os.environ.get("RANK", "0"))


def average_gradients():
    """Two processes as one with twice the batch, for as many steps each."""
    torch.distributed.init_process_group("gloo", rank=RANK, world_size=2)
    clip, steps = torch.nn.utils.clip_grad_norm_, int(os.environ["STEPS"])

    def averaged(parameters, most):
        parameters = [p for p in parameters if p.grad is not None]
        flat = torch.cat([p.grad.reshape(-1) for p in parameters])
        torch.distributed.all_reduce(flat)
        for p, part in zip(parameters, (flat / 2).split([p.numel() for p in parameters])):
            p.grad.copy_(part.view_as(p))
        return clip(parameters, most)

    class Steps(tiny.Clock):
        done = 0

        def at(self):
            return min(1.0, self.done / steps)

        def rate(self, step):
            self.done = step
            return super().rate(step)

    torch.nn.utils.clip_grad_norm_, tiny.Clock = averaged, Steps


def autoencoder():
    model = tiny.VQModel(
        in_channels=3, out_channels=3, latent_channels=3, num_vq_embeddings=CODES, vq_embed_dim=3, sample_size=tiny.SIZE,
        block_out_channels=(16, 32, 48), layers_per_block=1, norm_num_groups=4, mid_block_add_attention=False,
        down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3)
    start_autoencoder(model)
    return model


def autoencoder_loss(model, quantised):
    differences = lambda x: (x[..., 1:, :] - x[..., :-1, :], x[..., 1:] - x[..., :-1])

    def loss_of(step):
        x = tiny.crops(tiny.scenes(BATCH, 2 * step + RANK + 50_000_000 * (1 + quantised)), SIDE)
        h = model.encode(x).latents
        if quantised:
            h, extra, _ = model.quantize(h)
        else:  # a codebook will move latents by about as much
            h, extra = h + torch.randn_like(h) * (0.01 * h.detach().std()), 1e-4 * (h**2).mean()
        y = model.decoder(model.post_quant_conv(h))
        mse = F.mse_loss(x, y)
        edge = sum((a - b).abs().mean() for a, b in zip(differences(x), differences(y)))
        return (x - y).abs().mean() + 2 * mse + edge + extra, f"mse {mse.item():.2e}"

    return loss_of


@torch.no_grad()
def fit_codes(model):
    """k-means on latents, most of them from edges, so that rare ones have codes too."""
    h = torch.cat([model.encode(tiny.images(tiny.scenes(32, 900 + i))).latents for i in range(24)])
    flat = h.permute(0, 2, 3, 1).reshape(-1, 3)
    change = (F.pad((h[..., 1:] - h[..., :-1]).abs().sum(1), (0, 1))
              + F.pad((h[..., 1:, :] - h[..., :-1, :]).abs().sum(1), (0, 0, 0, 1)))
    chance = change.reshape(-1) + 0.25 * change.mean()
    data = flat[torch.multinomial(chance, 120_000, replacement=True)]
    codes = data[torch.randperm(len(data))[:CODES]].clone()
    for _ in range(12):
        nearest = torch.cat([torch.cdist(part, codes).argmin(1) for part in data.split(8000)])
        count = torch.zeros(CODES).index_add_(0, nearest, torch.ones(len(data)))
        total = torch.zeros(CODES, 3).index_add_(0, nearest, data)
        spare = data[torch.randint(len(data), (CODES,))]
        codes = torch.where(count[:, None] > 0, total / count.clamp(min=1)[:, None], spare)
    model.quantize.embedding.weight.copy_(codes)


def free(out):
    model = autoencoder()
    tiny.fit("free", out, {"m": model}, autoencoder_loss(model, False), 6e-4)
    if RANK == 0:
        torch.save(model.state_dict(), out / "free.pt")


def vq(out):
    model = autoencoder()
    model.load_state_dict(torch.load(out / "free.pt"))
    fit_codes(model)
    tiny.fit("vq", out, {"m": model}, autoencoder_loss(model, True), 2e-4)
    if RANK != 0:
        return
    with torch.no_grad():
        z = torch.cat([model.encode(tiny.images(tiny.scenes(32, 77 + i))).latents for i in range(8)])
        scale = float(1 / z.std())  # the pipeline has no scaling factor: unit variance is folded into the weights
        for p in (model.quant_conv.weight, model.quant_conv.bias, model.quantize.embedding.weight):
            p.mul_(scale)
        model.post_quant_conv.weight.div_(scale)
    model.register_to_config(scaling_factor=1.0)
    tiny.save(model, out / "vqvae")


class Pool:
    """Encoded scenes, partly drawn anew as training goes on."""

    def __init__(self, model, size):
        self.model, self.seed = model, 8000 + 1000 * RANK
        self.items = [self.draw() for _ in range(size)]

    @torch.no_grad()
    def draw(self):
        self.seed += 1
        rows = []
        for i in range(ITEM // 32):
            x = tiny.images(tiny.scenes(32, 40_000_000 + 4 * self.seed + i))
            low = F.interpolate(x, scale_factor=0.25, mode="bicubic", antialias=True).clamp(-1, 1)
            rows.append((self.model.encode(x).latents, ((low + 1) * 127.5).round() / 127.5 - 1))
        return [torch.cat(column) for column in zip(*rows)]

    def batch(self, n):
        picks = [(item, torch.randperm(ITEM)[:n // 2]) for item in random.sample(self.items, 2)]
        return [torch.cat([item[k][pick] for item, pick in picks]) for k in range(2)]


def sr(out):
    model = tiny.VQModel.from_pretrained(out / "vqvae").eval()
    unet = tiny.UNet2DModel(
        sample_size=tiny.SIZE // 4, in_channels=6, out_channels=3, layers_per_block=1, block_out_channels=(32, 64, 96),
        attention_head_dim=16, norm_num_groups=8, add_attention=True,
        down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"))
    ddpm, pool = tiny.DDPMScheduler(**SCHEDULE), Pool(model, 20)
    latents, pictures = [torch.cat([item[k] for item in pool.items]) for k in range(2)]
    start_denoiser(unet, float((latents * pictures).sum() / (pictures**2).sum()))

    def loss_of(step):
        if step % 40 == 39:
            pool.items[random.randrange(len(pool.items))] = pool.draw()
        z, low = pool.batch(24)
        noisy, _, t = tiny.noised(z, ddpm)
        return F.mse_loss(unet(torch.cat([noisy, low], 1), t).sample, z), ""

    tiny.fit("sr", out, {"unet": unet}, loss_of, float(os.environ.get("LR", "6e-4")))
    if RANK != 0:
        return
    tiny.save(unet, out / "unet")
    tiny.DDIMScheduler(**SCHEDULE, clip_sample=False, set_alpha_to_one=True, steps_offset=1).save_pretrained(out / "scheduler")
    (out / "model_index.json").write_text(json.dumps({
        "_class_name": "LDMSuperResolutionPipeline", "_diffusers_version": "0.35.0", "default_steps": 20,
        "scheduler": ["diffusers", "DDIMScheduler"], "unet": ["diffusers", "UNet2DModel"],
        "vqvae": ["diffusers", "VQModel"]}, indent=2) + "\n")


if __name__ == "__main__":
    stage, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    if "STEPS" in os.environ:
        average_gradients()
    torch.manual_seed(RANK if stage == "sr" else 0)
    {"free": free, "vq": vq, "sr": sr}[stage](folder)
