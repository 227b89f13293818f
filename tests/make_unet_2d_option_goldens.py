"""Writes options of UNet2DModel and VQModel beside those of make_unet_option_goldens.py, in the same form.

    PYTHONPATH=<diffusers>/src python tests/make_unet_2d_option_goldens.py [NAME...]
"""

import sys

import numpy as np
import torch

from make_unet_option_goldens import cast, fill, fnv1a, summary, told, write

BASE = {
    "in_channels": 3, "out_channels": 3, "block_out_channels": [8, 16], "layers_per_block": 1, "norm_num_groups": 4,
    "attention_head_dim": 4, "down_block_types": ["DownBlock2D", "AttnDownBlock2D"], "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
}


def levels(down, up, channels=None):
    more = {} if channels is None else {"block_out_channels": channels}
    return {"down_block_types": [f"{kind}DownBlock2D" for kind in down], "up_block_types": [f"{kind}UpBlock2D" for kind in up], **more}


ATTN = levels(["Attn", "Attn"], ["Attn", "Attn"])
RESNET = {"down_block_types": ["ResnetDownsampleBlock2D"] * 2, "up_block_types": ["ResnetUpsampleBlock2D"] * 2}
K = {**levels("KK", "KK", [32, 64]), "norm_num_groups": None}
SHIFT = {"resnet_time_scale_shift": "scale_shift"}
# name: [configuration beyond BASE, settings: size, batch, timesteps, class labels]
UNETS = {
    **{f"act_{f}": [{"act_fn": f}, {}] for f in ("swish", "gelu", "relu", "mish")},
    "center_input_sample": [{"center_input_sample": True}, {}],
    "channels_in_out": [{"in_channels": 6, "out_channels": 2}, {}],
    "downsample_padding_0": [{**levels(["", "Attn", ""], ["", "Attn", ""], [8, 4, 12]), "downsample_padding": 0}, {"size": (8, 12)}],
    "layers_3": [{"layers_per_block": 3}, {}],
    "one_level": [levels(["Attn"], ["Attn"], [8]), {"size": (3, 5)}],
    "norm_eps": [{"norm_eps": 1e-2}, {}],
    "old_names": [{"down_block_types": ["UNetResDownBlock2D", "UNetResAttnDownBlock2D"],
                   "up_block_types": ["UNetResAttnUpBlock2D", "UNetResUpBlock2D"]}, {}],
    "head_none": [{**ATTN, "attention_head_dim": None}, {}],
    "head_uneven": [{**ATTN, "attention_head_dim": 3}, {}],
    "head_one": [{**ATTN, "attention_head_dim": 1, "layers_per_block": 2}, {}],
    "mid_none": [{"mid_block_type": None}, {}],
    "mid_scale": [{"mid_block_scale_factor": 2.5}, {}],
    "mid_no_attention": [{"add_attention": False}, {}],
    "attn_groups": [{"attn_norm_num_groups": 2}, {}],
    "scale_shift": [SHIFT, {}],
    "scale_shift_attn_groups": [{**SHIFT, "attn_norm_num_groups": 8}, {}],
    "resnet_down": [{**ATTN, "downsample_type": "resnet"}, {}],
    "resnet_up": [{**ATTN, "upsample_type": "resnet"}, {}],
    "resnet_both": [{**ATTN, **SHIFT, "downsample_type": "resnet", "upsample_type": "resnet", "act_fn": "mish"}, {}],
    "resnet_type_null": [{**ATTN, "downsample_type": None, "upsample_type": None}, {}],
    "resnet_type_unused": [{**levels(["", ""], ["", ""]), "downsample_type": "resnet", "upsample_type": "resnet"}, {}],
    "resnet_blocks": [{**RESNET, **SHIFT}, {}],
    "class_lookup": [{"num_class_embeds": 5}, {"labels": "ids", "times": 1}],
    "class_timestep": [{"class_embed_type": "timestep", "num_class_embeds": 7, "act_fn": "gelu"}, {"labels": "times"}],
    "class_timestep_fourier": [{"class_embed_type": "timestep", "time_embedding_type": "fourier"}, {"labels": "small"}],
    "class_timestep_learned": [{"class_embed_type": "timestep", "time_embedding_type": "learned", "num_train_timesteps": 9},
                               {"labels": "ids", "store": np.float32}],
    "class_identity": [{"class_embed_type": "identity"}, {"labels": 32}],
    "time_fourier": [{"time_embedding_type": "fourier", "flip_sin_to_cos": True, "freq_shift": 1}, {}],
    "time_fourier_one": [{"time_embedding_type": "fourier"}, {"times": 1}],
    "time_learned": [{"time_embedding_type": "learned", "num_train_timesteps": 11}, {}],
    "time_shift_flipped": [{"flip_sin_to_cos": False, "freq_shift": 1}, {}],
    "time_dim": [{"time_embedding_dim": 20}, {"times": 1}],
    "skip": [{**levels(["Skip", "Skip"], ["Skip", "Skip"]), "act_fn": "gelu"}, {}],
    "skip_down_only": [{**levels(["Skip", ""], ["", ""]), "in_channels": 3, "out_channels": 2}, {}],
    "skip_up_only": [{**levels(["", ""], ["Skip", "Skip"]), "in_channels": 2}, {}],
    "skip_last_up": [{**levels(["", ""], ["", "Skip"]), "out_channels": 1}, {}],
    "skip_attention": [{**levels(["AttnSkip"] * 2, ["AttnSkip"] * 2, [32, 64]), **SHIFT, "attention_head_dim": 16}, {"size": (4, 6)}],
    "ncsnpp": [{**levels(["Skip", "AttnSkip", "Skip"], ["Skip", "AttnSkip", "Skip"], [32, 32, 32]), "norm_num_groups": None,
                "center_input_sample": True, "mid_block_scale_factor": 2**0.5, "attention_head_dim": None, "norm_eps": 1e-6,
                "time_embedding_type": "fourier", "layers_per_block": 2}, {"size": (8, 4)}],
    "k": [{**K, "act_fn": "gelu", "layers_per_block": 2}, {}],
    "k_scale_shift": [{**K, **SHIFT, "mid_block_type": None, "block_out_channels": [64, 32]}, {"size": (6, 6), "batch": 1}],
}


def unet(name):
    from diffusers import UNet2DModel

    config, settings = UNETS[name]
    config = {**BASE, **config}
    batch, size = settings.get("batch", 2), settings.get("size", (4, 6))
    rng = np.random.default_rng(fnv1a(f"unet2d-{name}"))
    inputs = {"sample": rng.standard_normal((batch, config["in_channels"], *size)).astype(np.float32)}
    times = settings.get("times", batch)
    match config.get("time_embedding_type"):
        case "fourier":
            inputs["timestep"] = np.exp(rng.uniform(-1, 2, times)).astype(np.float32)
        case "learned":
            inputs["timestep"] = rng.integers(0, config["num_train_timesteps"], times).astype(np.float32)
        case _:
            inputs["timestep"] = (rng.random(times) * 999).astype(np.float32)
    if "labels" in settings:
        labels = told(settings["labels"], rng, batch, size)
        inputs["class_labels"] = labels.astype(settings.get("store", labels.dtype))
    model = UNet2DModel(**config)
    parameters = fill(model)
    if config.get("class_embed_type") == "timestep":
        # The reference gives sinusoids in float32 to layers that may be float64.
        model.class_embedding.register_forward_pre_hook(lambda module, given: (given[0].to(module.linear_1.weight.dtype),))

    def run(inputs, dtype):
        given = {key: cast(value, dtype) for key, value in inputs.items()}
        if config.get("time_embedding_type") == "learned":
            # Rows of a table: the reference takes whole numbers only.
            given.update({key: given[key].long() for key in ("timestep", "class_labels") if key in given})
        return {"sample": model.to(dtype)(**given).sample}

    case = {"kind": "unet", "config": {"_class_name": "UNet2DModel", **config}, "parameters": parameters}
    write(f"unet2d-{name}", case, inputs, run)


VQ = {
    "in_channels": 3, "out_channels": 3, "latent_channels": 3, "block_out_channels": [8, 12], "layers_per_block": 1,
    "norm_num_groups": 4, "num_vq_embeddings": 24,
    "down_block_types": ["DownEncoderBlock2D"] * 2, "up_block_types": ["UpDecoderBlock2D"] * 2,
}
SPATIAL = {"norm_type": "spatial", "block_out_channels": [32, 64], "latent_channels": 4}
# name: configuration beyond VQ, height and width of the latents, what is written
ALL = ("encode", "quantize", "decode", "raw")
VQS = {
    "act_mish": [{"act_fn": "mish"}, (3, 4), ("encode", "decode")],
    "attention": [{"down_block_types": ["AttnDownEncoderBlock2D", "DownEncoderBlock2D"],
                   "up_block_types": ["AttnUpDecoderBlock2D", "UpDecoderBlock2D"]}, (3, 5), ("encode", "decode")],
    "no_mid_attention": [{"mid_block_add_attention": False}, (3, 4), ("encode", "decode")],
    "embed_dim": [{"vq_embed_dim": 2, "latent_channels": 5, "scaling_factor": 0.5}, (3, 4), ALL],
    "three_levels": [{"block_out_channels": [8, 4, 12], "down_block_types": ["DownEncoderBlock2D"] * 3, "layers_per_block": 2,
                      "up_block_types": ["UpDecoderBlock2D"] * 3, "lookup_from_codebook": True}, (2, 3), ("encode", "decode")],
    "channels": [{"in_channels": 1, "out_channels": 2, "num_vq_embeddings": 1}, (3, 4), ("encode", "decode", "raw")],
    "spatial": [SPATIAL, (3, 4), ("decode", "raw")],
    "spatial_attention": [{**SPATIAL, "up_block_types": ["AttnUpDecoderBlock2D", "UpDecoderBlock2D"]}, (2, 3), ("decode",)],
    "spatial_no_mid_attention": [{**SPATIAL, "mid_block_add_attention": False, "act_fn": "relu"}, (2, 3), ("decode",)],
}


def margin(model, latents):
    """How much farther the second nearest code is than the nearest, at the closest position."""
    width = model.quantize.embedding.weight.shape[1]
    rows = torch.from_numpy(latents).permute(0, 2, 3, 1).reshape(-1, width)
    near = torch.cdist(rows.double(), model.quantize.embedding.weight.detach().double()).sort(dim=1).values
    return 1.0 if near.shape[1] == 1 else float((near[:, 1] - near[:, 0]).min())


def vq(name):
    from diffusers import VQModel

    config, (height, width), wanted = VQS[name]
    config = {**VQ, **config}
    rng = np.random.default_rng(fnv1a(f"vq-{name}"))
    factor = 2 ** (len(config["block_out_channels"]) - 1)
    model = VQModel(**config)
    full = {"_class_name": "VQModel", **config}
    fill(model)
    names = list(model.state_dict().items())
    image = rng.uniform(-1, 1, (2, config["in_channels"], factor * height, factor * width)).astype(np.float32)
    shape = (2, config.get("vq_embed_dim") or config["latent_channels"], height, width)
    latents = next(z for z in (rng.standard_normal(shape).astype(np.float32) for _ in range(1000)) if margin(model, z) > 0.01)

    def part(chosen):
        encoding = ("encoder.", "quant_conv.")
        return summary({key: value for key, value in names if key.startswith(encoding) == chosen})

    def encode(inputs, dtype):
        return {"latents": model.to(dtype).encode(cast(inputs["image"], dtype)).latents}

    def quantize(inputs, dtype):
        z = cast(inputs["latents"], dtype)
        quantized, loss, (_, _, indices) = model.to(dtype).quantize(z)
        return {"quantized": quantized, "commit_loss": loss.reshape(1), "indices": indices.reshape(2, height, width).int()}

    def decode(raw):
        def run(inputs, dtype):
            # With `lookup_from_codebook` the reference would take numbers of codes instead of latents.
            return {"image": model.to(dtype).decode(cast(inputs["latents"], dtype), force_not_quantize=raw).sample}
        return run

    decoding = {"config": full, "parameters": part(False)}
    if "encode" in wanted:
        write(f"vq-encode-{name}", {"kind": "vq_encode", "config": full, "parameters": part(True)}, {"image": image}, encode)
    if "quantize" in wanted:
        write(f"vq-quantize-{name}", {"kind": "vq_quantize", **decoding}, {"latents": latents}, quantize)
    if "decode" in wanted:
        write(f"vq-decode-{name}", {"kind": "vq_decode", "force_not_quantize": False, **decoding}, {"latents": latents}, decode(False))
    if "raw" in wanted:
        write(f"vq-decode-{name}-raw", {"kind": "vq_decode", "force_not_quantize": True, **decoding}, {"latents": latents}, decode(True))


if __name__ == "__main__":
    from diffusers.utils import logging

    logging.set_verbosity_error()
    for prefix, make, names in (("unet2d", unet, UNETS), ("vq", vq, VQS)):
        for name in names:
            if len(sys.argv) == 1 or f"{prefix}-{name}" in sys.argv[1:]:
                make(name)
