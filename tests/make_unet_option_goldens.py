"""Writes tests/goldens/components/options: tiny networks of diffusers, one for each option of their configurations.

    PYTHONPATH=<diffusers>/src python tests/make_unet_option_goldens.py [NAME...]

A file is a component case (`input.*`, `output.*`, metadata `case`) with the configuration in `case.config`. Weights are not
stored: both sides compute them from their names (`weight` here, `optionWeight` in option_cases.ts), and `case.parameters` says
how many there are and what their names and shapes hash to.
"""

import json
import math
import pathlib
import sys

import numpy as np
import torch
from safetensors.numpy import save_file

FOLDER = pathlib.Path(__file__).parent / "goldens" / "components" / "options"


def fnv1a(text):
    """FNV-1a, 32 bits."""
    h = 0x811C9DC5
    for byte in text.encode():
        h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
    return h


def uniform(name, count):
    """Numbers of -1..1 in steps of 2^-23: murmur3's finaliser of a counter."""
    x = (np.arange(count, dtype=np.uint64) * 0x9E3779B9 + fnv1a(name)) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x ^= x >> np.uint64(shift)
        x = (x * np.uint64(factor)) & 0xFFFFFFFF
    x ^= x >> np.uint64(16)
    return (x >> np.uint64(8)).astype(np.float64) / 2**23 - 1


def weight(name, shape):
    """A weight by its name: biases around 0, scales of norms around 1, matrices of unit gain, all float32."""
    u = uniform(name, math.prod(shape))
    if name == "time_proj.weight":
        value = u
    elif len(shape) == 1:
        value = 0.2 * u if name.endswith("bias") else 1 + 0.3 * u
    else:
        value = u * np.sqrt(3 / math.prod(shape[1:]))
    return value.astype(np.float32).reshape(shape)


def fill(model):
    """Gives a model its weights; returns what the case says of them."""
    state = {name: weight(name, tuple(tensor.shape)) for name, tensor in model.state_dict().items()}
    model.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    model.eval()
    return summary(state)


def summary(state):
    """How many tensors and numbers there are, and what their names and shapes hash to."""
    lines = "\n".join(f"{name} {','.join(map(str, value.shape))}" for name, value in sorted(state.items()))
    return {"tensors": len(state), "elements": sum(math.prod(v.shape) for v in state.values()), "hash": fnv1a(lines)}


def write(name, case, inputs, run):
    """Runs `run(inputs, dtype)` in float32 and float64 and writes the case."""
    with torch.no_grad():
        single = run(inputs, torch.float32)
        double = run(inputs, torch.float64)
    tensors, errors = {}, {}
    for key, value in single.items():
        exact = double[key].numpy()
        error = float(np.abs(value.numpy() - exact).max())
        magnitude = float(np.abs(exact).max())
        assert 1e-2 < magnitude < 1e4, (name, key, magnitude)
        errors[f"output.{key}"] = [error, magnitude]
        tensors[f"output.{key}"] = np.ascontiguousarray(value.numpy())
    for key, value in inputs.items():
        tensors[f"input.{key}"] = np.ascontiguousarray(value)
    case["result"] = {"float32_error": errors}
    FOLDER.mkdir(parents=True, exist_ok=True)
    save_file(tensors, FOLDER / f"{name}.safetensors", metadata={"case": json.dumps(case)})
    print(name, errors)


def cast(value, dtype):
    tensor = torch.from_numpy(np.asarray(value))
    return tensor.to(dtype) if tensor.is_floating_point() else tensor.long()


BASE = {
    "in_channels": 4, "out_channels": 4, "block_out_channels": [8, 16], "layers_per_block": 1,
    "attention_head_dim": 2, "cross_attention_dim": 12, "norm_num_groups": 4,
    "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
}
PLAIN = {"down_block_types": ["DownBlock2D"] * 2, "up_block_types": ["UpBlock2D"] * 2, "mid_block_type": "UNetMidBlock2D"}
CROSS = {"down_block_types": ["CrossAttnDownBlock2D"] * 2, "up_block_types": ["CrossAttnUpBlock2D"] * 2}
ATTN = {"down_block_types": ["AttnDownBlock2D"] * 2, "up_block_types": ["AttnUpBlock2D"] * 2, "mid_block_type": "UNetMidBlock2D"}
RESNET = {"down_block_types": ["ResnetDownsampleBlock2D", "DownBlock2D"], "up_block_types": ["UpBlock2D", "ResnetUpsampleBlock2D"]}
SIMPLE = {"down_block_types": ["SimpleCrossAttnDownBlock2D"] * 2, "up_block_types": ["SimpleCrossAttnUpBlock2D"] * 2,
          "mid_block_type": "UNetMidBlock2DSimpleCrossAttn"}
K = {"block_out_channels": [32, 64, 64], "mid_block_type": None, "norm_num_groups": None, "attention_head_dim": 16,
     "act_fn": "gelu", "time_embedding_type": "fourier", "time_embedding_dim": 64, "layers_per_block": 2,
     "down_block_types": ["KDownBlock2D", "KCrossAttnDownBlock2D", "KCrossAttnDownBlock2D"],
     "up_block_types": ["KCrossAttnUpBlock2D", "KCrossAttnUpBlock2D", "KUpBlock2D"]}
ODD = (7, 6)

# name: [configuration beyond BASE, settings: size, tokens, context width, what is told beside the text]
UNETS = {
    **{f"act_{f}": [{"act_fn": f}, {}] for f in ("swish", "gelu", "relu", "mish")},
    "center_input_sample": [{"center_input_sample": True}, {}],
    "kernels_1_5": [{"conv_in_kernel": 1, "conv_out_kernel": 5}, {}],
    "channels_in_out": [{"in_channels": 3, "out_channels": 6}, {"size": ODD}],
    "downsample_padding_0": [{"downsample_padding": 0}, {"size": ODD}],
    "downsample_padding_0_attn": [{**ATTN, "downsample_padding": 0}, {}],
    "layers_list": [{"layers_per_block": [2, 1]}, {}],
    "layers_list_up": [{**CROSS, "layers_per_block": [1, 3], "block_out_channels": [8, 12]}, {"size": ODD}],
    "cross_attention_dim_list": [{**CROSS, "cross_attention_dim": [10, 10]}, {"width": 10}],
    "cross_attention_dim_list_unused": [{"cross_attention_dim": [10, 7], "mid_block_type": None}, {"width": 10}],
    "head_list": [{**CROSS, "attention_head_dim": [2, 4]}, {}],
    "transformer_list": [{**CROSS, "transformer_layers_per_block": [1, 2]}, {}],
    "transformer_list_unused": [{"transformer_layers_per_block": [2, 3]}, {}],
    "transformer_zero": [{**CROSS, "transformer_layers_per_block": [0, 1]}, {}],
    "transformer_reverse": [{**CROSS, "transformer_layers_per_block": [1, 2], "reverse_transformer_layers_per_block": [1, 3]}, {}],
    "transformer_nested": [{**CROSS, "layers_per_block": 2, "transformer_layers_per_block": [[1, 2], [3, 1]],
                            "reverse_transformer_layers_per_block": [[1, 2, 1], 1]}, {}],
    "only_cross": [{**CROSS, "only_cross_attention": True}, {}],
    "only_cross_list": [{**CROSS, "only_cross_attention": [True, False]}, {}],
    "only_cross_simple": [{**SIMPLE, "only_cross_attention": True}, {}],
    "only_cross_simple_list": [{**SIMPLE, "only_cross_attention": [True, True]}, {}],
    "only_cross_simple_mid": [{**SIMPLE, "mid_block_only_cross_attention": True}, {}],
    "only_cross_simple_not_mid": [{**SIMPLE, "only_cross_attention": True, "mid_block_only_cross_attention": False}, {}],
    "mid_none": [{"mid_block_type": None}, {}],
    "mid_plain": [{"mid_block_type": "UNetMidBlock2D", "mid_block_scale_factor": 1.5}, {}],
    "mid_cross_scale": [{"mid_block_scale_factor": 2.5}, {}],
    "mid_simple": [{"mid_block_type": "UNetMidBlock2DSimpleCrossAttn", "mid_block_scale_factor": 1.25, "attention_head_dim": [2, 4],
                    "resnet_skip_time_act": True, "resnet_out_scale_factor": 3.0}, {}],
    "dual": [{**CROSS, "dual_cross_attention": True, "transformer_layers_per_block": 2, "cross_attention_dim": 5}, {"tokens": 80, "width": 5}],
    "linear_projection": [{"use_linear_projection": True}, {"size": ODD}],
    "class_lookup": [{"num_class_embeds": 5}, {"told": {"class_labels": "ids"}}],
    "class_timestep": [{"class_embed_type": "timestep", "act_fn": "gelu"}, {"told": {"class_labels": "times"}}],
    "class_timestep_fourier": [{"class_embed_type": "timestep", "time_embedding_type": "fourier"}, {"told": {"class_labels": "small"}}],
    "class_identity": [{"class_embed_type": "identity"}, {"told": {"class_labels": 32}}],
    "class_projection": [{"class_embed_type": "projection", "projection_class_embeddings_input_dim": 9, "act_fn": "relu"},
                         {"told": {"class_labels": 9}}],
    "class_simple_projection": [{"class_embed_type": "simple_projection", "projection_class_embeddings_input_dim": 9},
                                {"told": {"class_labels": 9}}],
    "class_concat": [{"class_embed_type": "simple_projection", "projection_class_embeddings_input_dim": 9, "class_embeddings_concat": True},
                     {"told": {"class_labels": 9}, "times": 1}],
    "add_text": [{"addition_embed_type": "text", "addition_embed_type_num_heads": 3}, {}],
    "add_text_proj": [{"addition_embed_type": "text", "addition_embed_type_num_heads": 2, "encoder_hid_dim": 10}, {"width": 10}],
    "add_text_time": [{"addition_embed_type": "text_time", "addition_time_embed_dim": 4, "projection_class_embeddings_input_dim": 31,
                       "act_fn": "mish"}, {"told": {"text_embeds": 7, "time_ids": "six"}}],
    "add_text_time_five": [{"addition_embed_type": "text_time", "addition_time_embed_dim": 4, "projection_class_embeddings_input_dim": 26},
                           {"told": {"text_embeds": 6, "time_ids": "five"}}],
    "add_text_image": [{"addition_embed_type": "text_image", "encoder_hid_dim_type": "text_image_proj", "encoder_hid_dim": 10},
                       {"width": 10, "told": {"text_embeds": 12, "image_embeds": 12}}],
    "add_image": [{"addition_embed_type": "image", "encoder_hid_dim_type": "image_proj", "encoder_hid_dim": 10},
                  {"width": None, "told": {"image_embeds": 10}}],
    "add_image_hint": [{"addition_embed_type": "image_hint", "encoder_hid_dim_type": "image_proj", "encoder_hid_dim": 10, "in_channels": 8},
                       {"width": None, "size": (4, 6), "channels": 4, "batch": 1, "told": {"image_embeds": 10, "hint": "hint"}}],
    "text_proj": [{"encoder_hid_dim": 10, "encoder_hid_dim_type": "text_proj"}, {"width": 10}],
    "image_proj": [{"encoder_hid_dim": 10, "encoder_hid_dim_type": "image_proj"}, {"width": None, "told": {"image_embeds": 10}}],
    "if_like": [{"act_fn": "gelu", "addition_embed_type": "text", "addition_embed_type_num_heads": 2, "encoder_hid_dim": 10,
                 "block_out_channels": [8, 16], "attention_head_dim": 4, "class_embed_type": "timestep", "cross_attention_dim": 32,
                 "cross_attention_norm": "group_norm", "layers_per_block": [1, 2], "mid_block_scale_factor": 1.41,
                 "down_block_types": ["ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"],
                 "up_block_types": ["SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"],
                 "mid_block_type": "UNetMidBlock2DSimpleCrossAttn", "resnet_out_scale_factor": 1.41, "resnet_skip_time_act": True,
                 "resnet_time_scale_shift": "scale_shift", "time_embedding_act_fn": "gelu"},
                {"width": 10, "told": {"class_labels": "times"}}],
    "text_image_proj": [{"encoder_hid_dim": 10, "encoder_hid_dim_type": "text_image_proj"}, {"width": 10, "told": {"image_embeds": 12}}],
    "time_fourier": [{"time_embedding_type": "fourier"}, {}],
    "time_fourier_flipped": [{"time_embedding_type": "fourier", "time_embedding_dim": 10, "flip_sin_to_cos": False}, {"size": ODD}],
    "time_shift_flipped": [{"flip_sin_to_cos": False, "freq_shift": 1}, {}],
    "time_dim": [{"time_embedding_dim": 20}, {}],
    "time_act": [{"time_embedding_act_fn": "mish"}, {}],
    "time_post_act": [{"timestep_post_act": "silu"}, {}],
    "time_cond": [{"time_cond_proj_dim": 6}, {"told": {"timestep_cond": 6}}],
    "time_cond_absent": [{"time_cond_proj_dim": 6}, {}],
    "one_timestep": [{}, {"times": 1, "size": ODD}],
    "scale_shift": [{"resnet_time_scale_shift": "scale_shift"}, {}],
    "scale_shift_resnet": [{**RESNET, "resnet_time_scale_shift": "scale_shift", "resnet_skip_time_act": True, "resnet_out_scale_factor": 1.5}, {}],
    "attn": [{**ATTN, "attention_head_dim": 4, "layers_per_block": 2}, {}],
    "attn_head_list": [{**ATTN, "attention_head_dim": [2, 4]}, {}],
    "attn_scaling_unused": [{**ATTN, "resnet_out_scale_factor": 2.0, "resnet_skip_time_act": True, "norm_eps": 1e-2}, {}],
    "resnet": [{**RESNET, "resnet_out_scale_factor": 2.0}, {}],
    "simple": [{**SIMPLE, "attention_head_dim": [2, 4], "resnet_skip_time_act": True, "resnet_out_scale_factor": 1.5}, {}],
    "simple_group_norm": [{**SIMPLE, "cross_attention_norm": "group_norm", "cross_attention_dim": 64, "norm_eps": 1e-3}, {"width": 64}],
    "simple_layer_norm": [{**SIMPLE, "cross_attention_norm": "layer_norm", "cross_attention_dim": 8, "block_out_channels": [8, 8]}, {"width": 8}],
    "k": [{**K}, {"size": (8, 12), "batch": 1}],
    "k_condition": [{**K, "layers_per_block": 1, "time_cond_proj_dim": 9, "norm_num_groups": 4, "timestep_post_act": "gelu"},
                    {"size": (8, 8), "batch": 1, "told": {"timestep_cond": 9}}],
    "k_upscaler": [{**K, "layers_per_block": 1, "block_out_channels": [32, 32, 64, 64], "conv_in_kernel": 1, "conv_out_kernel": 1,
                    "down_block_types": ["KDownBlock2D"] + ["KCrossAttnDownBlock2D"] * 3, "resnet_time_scale_shift": "scale_shift",
                    "up_block_types": ["KCrossAttnUpBlock2D"] * 3 + ["KUpBlock2D"]}, {"size": (16, 16), "batch": 1}],
    "k_plain": [{**K, "block_out_channels": [32, 64], "layers_per_block": 1, "mid_block_type": "UNetMidBlock2D",
                 "down_block_types": ["KDownBlock2D"] * 2, "up_block_types": ["KUpBlock2D"] * 2}, {"size": (6, 8), "batch": 1}],
    "plain": [{**PLAIN, "block_out_channels": [8, 12, 16], "down_block_types": ["DownBlock2D"] * 3, "up_block_types": ["UpBlock2D"] * 3},
              {"size": (10, 7), "batch": 1}],
    "one_level": [{"block_out_channels": [8], "down_block_types": ["CrossAttnDownBlock2D"], "up_block_types": ["CrossAttnUpBlock2D"]}, {"size": ODD}],
}


def told(kind, rng, batch, size):
    """What an input of this kind holds."""
    normal = lambda *shape: rng.standard_normal(shape).astype(np.float32)
    match kind:
        case "ids":
            return rng.integers(0, 5, batch).astype(np.int32)
        case "times":
            return (rng.random(batch) * 999).astype(np.float32)
        case "small":
            return (rng.random(batch) * 2).astype(np.float32)
        case "six" | "five":
            return rng.integers(0, 1024, (batch, 6 if kind == "six" else 5)).astype(np.float32)
        case "hint":
            return rng.random((batch, 3, 8 * size[0], 8 * size[1])).astype(np.float32)
        case width:
            return normal(batch, width)


def unet(name):
    from diffusers import UNet2DConditionModel
    from diffusers.models.transformers.dual_transformer_2d import DualTransformer2DModel

    # The blocks pass a mask, None here, that this class does not know, so that no such U-Net runs.
    forward = vars(DualTransformer2DModel).get("original", DualTransformer2DModel.forward)
    DualTransformer2DModel.original = forward
    DualTransformer2DModel.forward = lambda *args, encoder_attention_mask=None, **options: forward(*args, **options)

    config, settings = UNETS[name]
    config = {**BASE, **config}
    batch, size, tokens = settings.get("batch", 2), settings.get("size", (6, 8)), settings.get("tokens", 3)
    rng = np.random.default_rng(fnv1a(f"unet-{name}"))
    channels = settings.get("channels", config["in_channels"])
    inputs = {"sample": rng.standard_normal((batch, channels, *size)).astype(np.float32)}
    times = rng.random(settings.get("times", batch)) * (2 if config.get("time_embedding_type") == "fourier" else 999)
    inputs["timestep"] = times.astype(np.float32)
    width = settings.get("width", config["cross_attention_dim"])
    if width is not None:
        inputs["encoder_hidden_states"] = rng.standard_normal((batch, tokens, width)).astype(np.float32)
    for key, kind in settings.get("told", {}).items():
        inputs[key] = told(kind, rng, batch, size)
    model = UNet2DConditionModel(**config)
    parameters = fill(model)

    def run(inputs, dtype):
        given = {key: cast(value, dtype) for key, value in inputs.items()}
        added = {key: given.pop(key) for key in ("text_embeds", "time_ids", "image_embeds", "hint") if key in given}
        given.setdefault("encoder_hidden_states", None)
        return {"sample": model.to(dtype)(**given, added_cond_kwargs=added).sample}

    case = {"kind": "unet", "config": {"_class_name": "UNet2DConditionModel", **config}, "parameters": parameters}
    write(f"unet-{name}", case, inputs, run)


VAE = {
    "in_channels": 3, "out_channels": 3, "latent_channels": 4, "block_out_channels": [8, 12], "layers_per_block": 1,
    "norm_num_groups": 4, "down_block_types": ["DownEncoderBlock2D"] * 2, "up_block_types": ["UpDecoderBlock2D"] * 2,
}
# name: configuration beyond VAE, height and width of the latents
VAES = {
    "act_relu": [{"act_fn": "relu"}, (3, 4)],
    "act_mish": [{"act_fn": "mish"}, (3, 4)],
    "attention_deep": [{"down_block_types": ["DownEncoderBlock2D", "AttnDownEncoderBlock2D"],
                        "up_block_types": ["AttnUpDecoderBlock2D", "UpDecoderBlock2D"]}, (3, 5)],
    "attention_high": [{"down_block_types": ["AttnDownEncoderBlock2D", "DownEncoderBlock2D"],
                        "up_block_types": ["UpDecoderBlock2D", "AttnUpDecoderBlock2D"]}, (3, 4)],
    "no_quant_conv": [{"use_quant_conv": False, "use_post_quant_conv": False}, (3, 4)],
    "no_quant_conv_encoder": [{"use_quant_conv": False}, (3, 4)],
    "no_mid_attention": [{"mid_block_add_attention": False}, (3, 4)],
    "layers_2": [{"layers_per_block": 2}, (3, 4)],
    "three_levels": [{"block_out_channels": [8, 4, 12], "down_block_types": ["DownEncoderBlock2D"] * 3,
                      "up_block_types": ["UpDecoderBlock2D"] * 3, "latent_channels": 2}, (2, 3)],
    "shift_factor": [{"shift_factor": 0.25, "scaling_factor": 1.5, "force_upcast": False}, (3, 4)],
    "channels": [{"in_channels": 1, "out_channels": 2}, (3, 4)],
}
BERT = {"vocab_size": 50, "max_position_embeddings": 9, "encoder_layers": 2, "encoder_ffn_dim": 20, "encoder_attention_heads": 3,
        "d_model": 12, "head_dim": 5}
# name: configuration beyond BERT, tokens
BERTS = {
    **{f"act_{f}": [{"activation_function": f}, 9] for f in (
        "gelu", "relu", "gelu_new", "quick_gelu", "silu", "swish", "mish", "tanh", "sigmoid", "gelu_pytorch_tanh")},
    "short": [{}, 4],
    "one_token": [{"head_dim": 4, "encoder_layers": 1}, 1],
    "one_head": [{"encoder_attention_heads": 1, "head_dim": 16}, 9],
}


def vae(name):
    from diffusers import AutoencoderKL

    config, (height, width) = VAES[name]
    config = {**VAE, **config}
    rng = np.random.default_rng(fnv1a(f"vae-{name}"))
    factor = 2 ** (len(config["block_out_channels"]) - 1)
    model = AutoencoderKL(**config)
    full = {"_class_name": "AutoencoderKL", **config}
    fill(model)
    # Each of the two methods has its own part of the weights.
    names = list(model.state_dict().items())
    encoding = ("encoder.", "quant_conv.")
    image = rng.uniform(-1, 1, (2, config["in_channels"], factor * height, factor * width)).astype(np.float32)
    latents, noise = rng.standard_normal((2, 2, config["latent_channels"], height, width)).astype(np.float32)

    def encode(inputs, dtype):
        posterior = model.to(dtype).encode(cast(inputs["image"], dtype)).latent_dist
        sample = posterior.mean + posterior.std * cast(inputs["noise"], dtype)
        return {"mean": posterior.mean, "logvar": posterior.logvar, "std": posterior.std, "mode": posterior.mode(), "sample": sample}

    def decode(inputs, dtype):
        return {"image": model.to(dtype).decode(cast(inputs["latents"], dtype)).sample}

    def part(chosen):
        return summary({key: value for key, value in names if key.startswith(encoding) == chosen})

    write(f"vae-encode-{name}", {"kind": "vae_encode", "config": full, "parameters": part(True)}, {"image": image, "noise": noise}, encode)
    write(f"vae-decode-{name}", {"kind": "vae_decode", "config": full, "parameters": part(False)}, {"latents": latents}, decode)


def bert(name):
    from diffusers.pipelines.latent_diffusion.pipeline_latent_diffusion import LDMBertConfig, LDMBertModel

    config, tokens = BERTS[name]
    config = {**BERT, **config}
    rng = np.random.default_rng(fnv1a(f"bert-{name}"))
    model = LDMBertModel(LDMBertConfig(**config))
    fill(model)
    parameters = summary({key: value for key, value in model.state_dict().items() if not key.startswith("to_logits")})

    def run(inputs, dtype):
        output = model.to(dtype).model(cast(inputs["input_ids"], dtype), output_hidden_states=True)
        states = {f"hidden_states.{at}": state for at, state in enumerate(output.hidden_states)}
        return {"last_hidden_state": output.last_hidden_state, **states}

    case = {"kind": "text_encoder", "config": {"_class_name": "LDMBertModel", **config}, "parameters": parameters}
    write(f"bert-{name}", case, {"input_ids": rng.integers(0, config["vocab_size"], (2, tokens)).astype(np.int32)}, run)


if __name__ == "__main__":
    from diffusers.utils import logging

    logging.set_verbosity_error()
    for prefix, make, names in (("unet", unet, UNETS), ("vae", vae, VAES), ("bert", bert, BERTS)):
        for name in names:
            if len(sys.argv) == 1 or f"{prefix}-{name}" in sys.argv[1:]:
                make(name)
