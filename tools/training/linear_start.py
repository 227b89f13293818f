"""Starts for the networks of super-resolution that already do the simple thing right.

Residual branches begin at zero, so that what is left of a network is linear: pictures to their means over 4 x 4 pixels and back by
bilinear interpolation, and for the denoiser the small picture itself. All that is learned is what differs from that. The group norm
before the last convolution is no obstacle if the group of a signal also holds two large constants of opposite sign and a channel of
zero: its deviation is then that of the constants, and the mean that it subtracts is found in the zero again.
"""
import torch
from diffusers.models.resnet import ResnetBlock2D

CONSTANT, SHIFT = 32.0, 16.0  # silu(x + 16) is x + 16
RGB = [0, 1, 2]
BILINEAR = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]) / 16
HALF = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]) / 4


def zero_branches(model):
    for module in model.modules():
        if isinstance(module, ResnetBlock2D):
            torch.nn.init.zeros_(module.conv2.weight)
            torch.nn.init.zeros_(module.conv2.bias)


def wire(conv, source, target, kernel=None, clear=()):
    """Output channels `target` are input channels `source`, filtered; those in `clear` are zero, all others stay random."""
    middle = conv.weight.shape[-1] // 2
    with torch.no_grad():
        conv.bias.zero_()
        conv.weight.mul_(0.3)
        for channel in [*target, *clear]:
            conv.weight[channel] = 0
        for s, t in zip(source, target):
            if kernel is None:
                conv.weight[t, s, middle, middle] = 1
            else:
                conv.weight[t, s] = kernel


def places(norm):
    """Of each signal: its channel, those of its constants, and that of its zero; a group of the norm each."""
    size = norm.num_channels // norm.num_groups
    return [(size * c, size * c + 1, size * c + 2, size * c + 3) for c in RGB]


def signals(norm):
    return [s for s, _, _, _ in places(norm)]


def others(norm):
    return [channel for _, *rest in places(norm) for channel in rest]


def linear_end(last, norm, conv_out):
    """Gives back the signals as they are; these two layers are not trained."""
    size = norm.num_channels // norm.num_groups
    middle = conv_out.weight.shape[-1] // 2
    with torch.no_grad():
        conv_out.weight.zero_()
        conv_out.bias.zero_()
        for c, (signal, plus, minus, zero) in enumerate(places(norm)):
            last.conv2.bias[plus], last.conv2.bias[minus] = CONSTANT, -CONSTANT
            for channel in (signal, zero):
                norm.weight[channel] = (2 * CONSTANT**2 / size) ** 0.5
                norm.bias[channel] = SHIFT
            conv_out.weight[c, signal, middle, middle] = 1
            conv_out.weight[c, zero, middle, middle] = -1
    for part in (norm, conv_out):
        part.requires_grad_(False)


def start_autoencoder(model):
    """A VQModel whose groups hold four channels or more."""
    zero_branches(model)
    encoder, decoder = model.encoder, model.decoder
    for half, blocks in ((encoder, encoder.down_blocks), (decoder, decoder.up_blocks)):
        wire(half.conv_in, RGB, RGB)
        for block in blocks:
            for resnet in block.resnets:
                if resnet.conv_shortcut is not None:
                    wire(resnet.conv_shortcut, RGB, RGB)
            for sampler in getattr(block, "downsamplers", None) or ():
                wire(sampler.conv, RGB, RGB, HALF)
            for sampler in getattr(block, "upsamplers", None) or ():
                wire(sampler.conv, RGB, RGB, BILINEAR)
    for half, last_block, last in ((encoder, encoder.down_blocks[-1], encoder.mid_block.resnets[-1]),
                                   (decoder, decoder.up_blocks[-1], decoder.up_blocks[-1].resnets[-1])):
        norm = half.conv_norm_out
        wire(last_block.resnets[0].conv_shortcut, RGB, signals(norm), clear=others(norm))
        linear_end(last, norm, half.conv_out)
    wire(model.quant_conv, RGB, RGB)
    wire(model.post_quant_conv, RGB, RGB)


def start_denoiser(unet, scale):
    """A UNet2DModel from a sample and a picture beside it, which predicts the clean sample: at first the picture times `scale`."""
    zero_branches(unet)
    norm, last = unet.conv_norm_out, unet.up_blocks[-1].resnets[-1]
    wire(unet.conv_in, [3, 4, 5], RGB)
    with torch.no_grad():
        unet.conv_in.weight[:3] *= scale
    # The last shortcut sees what comes from below, then what conv_in gave.
    first = last.conv_shortcut.weight.shape[1] - unet.conv_in.weight.shape[0]
    wire(last.conv_shortcut, [first + c for c in RGB], signals(norm), clear=others(norm))
    linear_end(last, norm, unet.conv_out)
