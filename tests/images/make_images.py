"""Writes png_zoo.json, jpeg_zoo.json and orientation.json beside this file: small picture files and what Pillow makes
of them. PNGs are assembled here, since Pillow writes few of the format's kinds; each is checked against Pillow.

    python make_images.py        (needs numpy and Pillow; made with Pillow 12.3)
"""

import base64
import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

HERE = Path(__file__).parent
rng = np.random.default_rng(7)
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def b64(x) -> str:
    return base64.b64encode(bytes(x)).decode()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pack(samples: np.ndarray, depth: int) -> bytes:
    if depth == 16:
        return samples.astype(">u2").tobytes()
    bits = "".join(format(s, f"0{depth}b") for s in samples.ravel())
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def paeth(a: int, b: int, c: int) -> int:
    p = a + b - c
    return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]


def filtered(rows: list[bytes], step: int, filters) -> bytes:
    out, above = b"", bytes(len(rows[0]) if rows else 0)
    for row in rows:
        kind = next(filters)
        out += bytes([kind])
        for i, x in enumerate(row):
            a, c = (row[i - step], above[i - step]) if i >= step else (0, 0)
            b = above[i]
            out += bytes([(x - (0, a, b, (a + b) // 2, paeth(a, b, c))[kind]) & 255])
        above = row
    return out


def png(samples, colour, depth, interlace=0, before=(), after=(), parts=1, level=9) -> bytes:
    """samples [h, w, samples a pixel]; before and after: chunks around the data."""
    height, width, _ = samples.shape
    filters = iter(int(x) for x in rng.integers(0, 5, 10 * height + 50))
    step = max(1, SAMPLES[colour] * depth // 8)
    raw = b""
    for x0, y0, dx, dy in ADAM7 if interlace else [(0, 0, 1, 1)]:
        part = samples[y0::dy, x0::dx]
        if part.size:
            raw += filtered([pack(row, depth) for row in part], step, filters)
    data = zlib.compress(raw, level)
    cuts = [len(data) * i // parts for i in range(parts + 1)]
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))
            + b"".join(chunk(k, d) for k, d in before) + b"".join(chunk(b"IDAT", data[i:j]) for i, j in zip(cuts, cuts[1:]))
            + b"".join(chunk(k, d) for k, d in after) + chunk(b"IEND", b""))


def expected(samples, colour, depth, palette, transparency) -> np.ndarray:
    to_byte = (lambda x: x >> 8) if depth == 16 else (lambda x: x * 255 // ((1 << depth) - 1))
    if colour == 3:
        rgb = palette[samples[..., 0]]
        if transparency is None:
            return rgb
        alpha = np.full(256, 255)
        alpha[:len(transparency)] = transparency
        return np.concatenate([rgb, alpha[samples]], -1)
    out = to_byte(samples.astype(int))
    if colour == 4:
        return out[..., [0, 0, 0, 1]]
    if transparency is not None:
        opaque = (samples != transparency).any(-1, keepdims=True) * 255
        return np.concatenate([out.repeat(3 // out.shape[-1], -1), opaque], -1)
    return out


def pillow(data: bytes, channels: int) -> np.ndarray:
    image = Image.open(io.BytesIO(data))
    if image.mode.startswith("I"):  # 16-bit grey, which Pillow keeps
        return (np.array(image) >> 8)[..., None]
    return np.array(image.convert({1: "L", 3: "RGB", 4: "RGBA"}[channels])).reshape(image.height, image.width, channels)


zoo = []


def add(name: str, size, colour, depth, key=False, colours=None, **options) -> None:
    high = colours or 1 << depth
    samples = rng.integers(0, high, (*size, SAMPLES[colour]))
    if depth >= 8 and colour != 3:  # half of it smooth, so that filters and deflate have something to do
        ramp = np.add.outer(np.arange(size[0]), np.arange(size[1]))[..., None] * (high // 16) % high
        samples = np.where(rng.random((size[0], 1, 1)) < 0.5, ramp, samples)
    palette = rng.integers(0, 256, (high, 3)) if colour == 3 else None
    before, transparency = [], None
    if palette is not None:
        before.append((b"PLTE", palette.astype(np.uint8).tobytes()))
    if key and colour == 3:
        transparency = rng.integers(0, 256, max(1, high // 2))
        before.append((b"tRNS", transparency.astype(np.uint8).tobytes()))
    elif key:
        transparency = samples[0, 0]
        before.append((b"tRNS", transparency.astype(">u2").tobytes()))
    data = png(samples, colour, depth, before=before + list(options.pop("before", ())), **options)
    want = expected(samples, colour, depth, palette, transparency).astype(np.uint8)
    if not (key and colour != 3 and depth != 8):  # Pillow compares keys with samples scaled to 8 bits
        np.testing.assert_array_equal(want, pillow(data, want.shape[-1]), name)
    zoo.append({"name": name, "file": b64(data), "width": size[1], "height": size[0], "channels": want.shape[-1],
                "data": b64(want.tobytes())})


for colour, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
    for depth in depths:
        for interlace in (0, 1):
            add(f"type {colour}, {depth} bits, interlace {interlace}", (5, 7), colour, depth, interlace=interlace)
            if colour in (0, 2, 3):
                add(f"type {colour}, {depth} bits, interlace {interlace}, tRNS", (4, 5), colour, depth, key=True,
                    interlace=interlace)
for size in ((1, 1), (1, 9), (9, 1), (2, 3), (8, 8), (9, 10)):
    add(f"interlaced {size[0]} x {size[1]}", size, 2, 8, interlace=1)
add("data in 5 parts", (6, 6), 6, 8, parts=5)
add("stored blocks", (6, 6), 2, 8, level=0)
add("11 colours of 16", (6, 6), 3, 4, colours=11)
add("chunks that do not matter", (3, 3), 2, 8,
    before=((b"gAMA", struct.pack(">I", 45455)), (b"pHYs", struct.pack(">IIB", 1, 1, 0)), (b"tEXt", b"Title\0zoo")),
    after=((b"tIME", struct.pack(">HBBBBB", 2020, 1, 2, 3, 4, 5)),))
(HERE / "png_zoo.json").write_text(json.dumps(zoo, indent=0) + "\n")


def photo(height: int, width: int, channels: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    waves = np.stack([127 + 110 * np.sin(x / 6 + c) * np.cos(y / (4 + c)) for c in range(channels)], -1)
    return np.clip(waves + rng.normal(0, 5, waves.shape), 0, 255).astype(np.uint8)


rgb, grey = Image.fromarray(photo(21, 27, 3)), Image.fromarray(photo(17, 19, 1)[..., 0])
cmyk = Image.frombytes("CMYK", (18, 16), photo(16, 18, 4).tobytes())
jpegs = []
for name, image, options in (
    ("4:2:0", rgb, {"quality": 90, "subsampling": 2}), ("4:2:2", rgb, {"quality": 75, "subsampling": 1}),
    ("4:4:4", rgb, {"quality": 95, "subsampling": 0}), ("progressive", rgb, {"quality": 85, "progressive": True}),
    ("restart markers", rgb, {"quality": 90, "restart_marker_blocks": 2}), ("not YCbCr", rgb, {"keep_rgb": True}),
    ("grey", grey, {"quality": 80}), ("grey, progressive", grey, {"quality": 80, "progressive": True}),
    ("CMYK", cmyk, {"quality": 90}), ("one pixel", rgb.resize((1, 1)), {}),
):
    stream = io.BytesIO()
    image.save(stream, "JPEG", **options)
    decoded = Image.open(stream)
    decoded = decoded if decoded.mode == "L" else decoded.convert("RGB")
    jpegs.append({"name": name, "file": b64(stream.getvalue()), "width": image.width, "height": image.height,
                  "channels": len(decoded.getbands()), "data": b64(decoded.tobytes())})
(HERE / "jpeg_zoo.json").write_text(json.dumps(jpegs, indent=0) + "\n")

turned = []
stored = Image.fromarray(photo(16, 24, 3))
for orientation in range(1, 9):
    for order in ("little", "big"):
        stream = io.BytesIO()
        exif = Image.Exif()
        exif.endian = "<" if order == "little" else ">"
        exif[0x010F] = "a maker"
        exif[0x0112] = orientation
        stored.save(stream, "JPEG", quality=90, subsampling=0, exif=exif)
        image = ImageOps.exif_transpose(Image.open(stream))
        turned.append({"orientation": orientation, "order": order, "file": b64(stream.getvalue()), "width": image.width,
                       "height": image.height, "channels": 3, "data": b64(image.tobytes())})
(HERE / "orientation.json").write_text(json.dumps(turned, indent=0) + "\n")
