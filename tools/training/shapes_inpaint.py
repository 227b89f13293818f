"""Trains the embedded inpainting model from the text-to-image model: train_tiny.py's stage `inpaint` over a pool of encoded scenes.

    BASE=SHAPES PYTHONPATH=../../tests/goldens python shapes_inpaint.py OUT

SHAPES is the folder of `shapes`, or of an inpainting model to go on with; MINUTES=n bounds the training time. OUT becomes the
model's folder; what it shares with SHAPES is copied.
"""
import json
import os
import random
import shutil
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import BertTokenizer

import train_tiny as tiny

ITEM, ITEMS, BATCH = 128, 24, 32


def widened(base):
    """The base's network with channels for mask and picture, which count for nothing yet."""
    unet = tiny.denoiser(9)
    weights = tiny.UNet2DConditionModel.from_pretrained(base / "unet").state_dict()
    first, wide = weights["conv_in.weight"], torch.zeros(unet.conv_in.weight.shape)
    wide[:, :first.shape[1]] = first
    unet.load_state_dict({**weights, "conv_in.weight": wide})
    return unet


def main(base, out):
    vae = tiny.AutoencoderKL.from_pretrained(base / "vqvae").eval().float()
    bert = tiny.LDMBertModel.from_pretrained(base / "bert").eval().float()
    tokenizer = BertTokenizer.from_pretrained(base / "tokenizer")
    unet, ddpm, rng = widened(base), tiny.DDPMScheduler(**tiny.SCHEDULE), random.Random(6)
    seeds = iter(range(30_006_001, 31_000_000))

    @torch.no_grad()
    def context(captions):
        ids = tokenizer(captions, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
        return bert(ids)[0]

    @torch.no_grad()
    def draw():
        scenes, rows = tiny.scenes(ITEM, next(seeds)), []
        latents = lambda x: vae.encode(x).latent_dist.mode() * vae.config.scaling_factor
        for i in range(0, ITEM, 32):
            part = scenes[i:i + 32]
            x, mask = tiny.images(part), tiny.masks(32, rng)
            rows.append((latents(x), F.interpolate(mask, scale_factor=1 / 8), latents(x * (mask < 0.5)),
                         context([scene.caption for scene in part])))
        return [torch.cat(column) for column in zip(*rows)]

    pool, empty = [draw() for _ in range(ITEMS)], context([""])

    def loss_of(step):
        if step % 40 == 39:
            pool[random.randrange(ITEMS)] = draw()
        picks = [(item, torch.randperm(ITEM)[:BATCH // 2]) for item in random.sample(pool, 2)]
        z, small, masked, text = [torch.cat([item[k][pick] for item, pick in picks]) for k in range(4)]
        text = torch.where((torch.rand(BATCH) < 0.25)[:, None, None], empty, text)
        noisy, velocity, t = tiny.noised(z, ddpm)
        v = unet(torch.cat([noisy, small, masked], 1), t, encoder_hidden_states=text).sample
        return F.mse_loss(v, velocity), ""

    trained = tiny.fit("inpaint", out, {"unet": unet}, loss_of, float(os.environ.get("LR", "6e-4")))
    tiny.save_text_pipeline(out, trained["unet"], bert, "LDMTextToImagePipeline")
    index = out / "model_index.json"
    index.write_text(json.dumps({**json.loads(index.read_text()), "default_steps": 20, "default_guidance_scale": 3}, indent=2) + "\n")
    for part in ("vqvae", "tokenizer"):
        shutil.copytree(base / part, out / part, dirs_exist_ok=True)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    main(Path(os.environ["BASE"]), folder)
