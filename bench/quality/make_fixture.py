"""Makes fixtures/shapes_world.safetensors: scenes and their pictures by the Python renderer that the models' training
pictures came from.

    python make_fixture.py FOLDER_OF_SHAPES_WORLD_PY

Every shape in every size alone, in small pictures, and some scenes of two things at the size that the models draw.
"""
import json
import random
import struct
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, sys.argv[1])
import shapes_world as world  # noqa: E402


def row(scene: world.Scene) -> dict:
    things = [{"shape": t.shape, "colour": t.colour, "size": t.size or "medium", "x": t.x, "y": t.y} for t in scene.things]
    return {"background": scene.background, "things": things, "caption": scene.caption}


def main() -> None:
    rng = random.Random(20240501)
    alone = []
    for shape in world.SHAPES:
        for size, r in world.RADII.items():
            background, colour = rng.sample(list(world.COLOURS), 2)
            room = 0.8 * (0.95 - 1.12 * r)
            thing = world.Thing(shape, colour, size, rng.uniform(-room, room), rng.uniform(-room, room))
            alone.append(world.Scene(background, (thing,), f"{thing.words} on a {background} background"))
    pairs = []
    while len(pairs) < 2:
        scene = world.sample(rng)
        if len(scene.things) == 2:
            pairs.append(scene)
    tensors = {"output.alone": np.stack([world.render(scene, 40) for scene in alone]),
               "output.pairs": np.stack([world.render(scene, 128) for scene in pairs])}
    header, data = {}, b""
    for name, array in tensors.items():
        header[name] = {"dtype": "U8", "shape": list(array.shape), "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    case = {"kind": "shapes_world", "alone": [row(s) for s in alone], "pairs": [row(s) for s in pairs],
            "versions": {"numpy": np.__version__}}
    header["__metadata__"] = {"case": json.dumps(case)}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    out = Path(__file__).parent / "fixtures" / "shapes_world.safetensors"
    out.parent.mkdir(exist_ok=True)
    out.write_bytes(struct.pack("<Q", len(text)) + text + data)


if __name__ == "__main__":
    main()
