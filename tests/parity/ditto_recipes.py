"""Deterministic inputs for the Ditto goldens. Everything is NumPy PCG64, so any project can rebuild them.

Each case in index.json names its recipes and their arguments as data; ``build`` turns that data into arrays:

    case = build(index["goldens"]["stitch_network"]["cases"]["first"]["inputs"])
    for suffix, part in stored(output, mine).items():
        assert matches(npz[f"{case_name}__{output_name}{suffix}"], part, output.get("tolerance", golden["tolerance"]))
"""

from __future__ import annotations

import numpy as np

SECTIONS = (("scale", 1), ("pitch", 66), ("yaw", 66), ("roll", 66), ("t", 3), ("exp", 63))
AMPLITUDE = {"scale": 0.05, "pitch": 0.7, "yaw": 0.7, "roll": 0.5, "t": 0.02, "exp": 0.03}


def build(spec):
    """``{"recipe": name, "args": [...]}`` anywhere in ``spec`` becomes the value that the function of this file
    returns; lists and dicts are built item by item, arguments too; everything else stays as it is. Two calls share
    nothing.
    """
    if isinstance(spec, dict):
        if "recipe" in spec:
            if spec["recipe"] not in RECIPES:
                raise KeyError(f"unknown recipe {spec['recipe']!r}; known: {', '.join(sorted(RECIPES))}")
            return RECIPES[spec["recipe"]](*build(spec.get("args", [])))
        return {key: build(value) for key, value in spec.items()}
    if isinstance(spec, list):
        return [build(value) for value in spec]
    return spec


def array(values, dtype: str = "float32") -> np.ndarray:
    return np.array(values, dtype)


def uniform(seed: int, shape) -> np.ndarray:
    return np.random.default_rng(seed).random(shape).astype(np.float32)


def normal(seed: int, shape, std: float = 1.0) -> np.ndarray:
    return (std * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def magnitudes(seed: int, shape) -> np.ndarray:
    """Absolute values of normal(seed, shape)."""
    return np.abs(normal(seed, shape))


def scaled(values: np.ndarray, factor: float, offset: float = 0.0) -> np.ndarray:
    return values * factor + offset


def reshaped(values: np.ndarray, shape) -> np.ndarray:
    return values.reshape(shape)


def constant_rows(values, width: int) -> np.ndarray:
    """[len(values), width]: row i is filled with values[i]."""
    return np.stack([np.full(width, value) for value in values]).astype(np.float32)


def noise_draws(seed: int, start: int, count: int, shape) -> np.ndarray:
    """[count, *shape]: draws start .. start + count - 1 of standard normal arrays of ``shape`` from one generator."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.standard_normal(shape).astype(np.float32) for _ in range(start + count)][start:])


def keypoints(seed: int, batch: int = 1, std: float = 0.3) -> np.ndarray:
    """[batch, 21, 3], clipped to the unit cube."""
    return np.clip(normal(seed, (batch, 21, 3), std), -0.95, 0.95)


def motion_info(seed: int) -> dict[str, np.ndarray]:
    """A plausible result of the motion extractor: scale [1,1], pitch/yaw/roll [1,66] logits, t [1,3], exp and
    kp [1,63]. Logits are a bump (from -2 up to 4) around bin 32 +- 4, so that the decoded angle is near zero.
    """
    rng = np.random.default_rng(seed)
    bins = np.arange(66)
    info = {"scale": 1.2 + 0.1 * rng.standard_normal((1, 1))}
    for name in ("pitch", "yaw", "roll"):
        centre = 32 + 4 * rng.standard_normal()
        info[name] = (6 * np.exp(-0.5 * ((bins - centre) / 4.0) ** 2) - 2 + 0.1 * rng.standard_normal(66))[None]
    info["t"] = 0.05 * rng.standard_normal((1, 3))
    info["exp"] = 0.05 * rng.standard_normal((1, 63))
    info["kp"] = 0.3 * rng.standard_normal((1, 63))
    return {name: value.astype(np.float32) for name, value in info.items()}


def motion_vector(info: dict[str, np.ndarray]) -> np.ndarray:
    """[265]: scale - 1, pitch, yaw, roll, t, exp."""
    parts = [info[name].reshape(-1) - (1 if name == "scale" else 0) for name, _ in SECTIONS]
    return np.concatenate(parts).astype(np.float32)


def vector_info(vector: np.ndarray) -> dict[str, np.ndarray]:
    """The inverse of motion_vector: a dict of [1, n] arrays, without kp."""
    info, start = {}, 0
    for name, size in SECTIONS:
        info[name] = vector[start : start + size].reshape(1, size) + (1 if name == "scale" else 0)
        start += size
    return {name: value.astype(np.float32) for name, value in info.items()}


def motion_sequence(seed: int, frames: int) -> np.ndarray:
    """[frames, 265]: motion_info(seed) plus one slow sine per dimension."""
    base = motion_vector(motion_info(seed)).astype(np.float64)
    rng = np.random.default_rng(seed + 1)
    frequency = rng.uniform(0.02, 0.15, 265)
    phase = rng.uniform(0, 2 * np.pi, 265)
    amplitude = np.concatenate([np.full(size, AMPLITUDE[name]) for name, size in SECTIONS])
    time = np.arange(frames)[:, None]
    return (base + amplitude * np.sin(2 * np.pi * frequency * time + phase)).astype(np.float32)


def motion_infos(seed: int, count: int) -> list[dict[str, np.ndarray]]:
    """motion_info(seed), motion_info(seed + 1), ..."""
    return [motion_info(seed + i) for i in range(count)]


def driving_infos(seed: int, frames: int) -> list[dict[str, np.ndarray]]:
    """The rows of motion_sequence(seed, frames) as dicts without kp."""
    return [vector_info(row) for row in motion_sequence(seed, frames)]


def driving_info(seed: int, frames: int, index: int) -> dict[str, np.ndarray]:
    return driving_infos(seed, frames)[index]


def every_frame(frames: int, control: dict) -> dict[int, dict]:
    """The same controls for frames 0 .. frames - 1."""
    return {i: dict(control) for i in range(frames)}


def frame_table(rows) -> dict[int, dict]:
    """Controls by frame number, from rows [frame, controls]."""
    return {frame: dict(control) for frame, control in rows}


def audio_features(seed: int, frames: int) -> np.ndarray:
    """[frames, 1024]: three-frame moving average of noise, about unit scale."""
    noise = np.random.default_rng(seed).standard_normal((frames + 2, 1024))
    return ((noise[:-2] + noise[1:-1] + noise[2:]) / np.sqrt(3)).astype(np.float32)


def source_info(seed: int, frames: int = 1) -> dict:
    """What the avatar registrar hands to the condition handler (only the keys that it reads)."""
    infos = [motion_info(seed + 10 * i) for i in range(frames)]
    rng = np.random.default_rng(seed + 5)
    return {
        "x_s_info_lst": infos,
        "eye_open_lst": [(0.6 + 0.1 * rng.standard_normal((1, 2))).astype(np.float32) for _ in range(frames)],
        "eye_ball_lst": [(0.02 * rng.standard_normal((1, 6))).astype(np.float32) for _ in range(frames)],
        "sc": infos[0]["kp"].flatten(),
        "is_image_flag": frames == 1,
    }


def landmarks(seed: int, count: int, centre=(300.0, 220.0), size: float = 60.0) -> np.ndarray:
    """[count, 2] float32: a noisy grid of points, turned by up to 0.5 rad."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-1, 1, (count, 2)) * (0.8, 1.0)
    points[:, 1] += np.linspace(-0.6, 0.6, count)  # later points lie lower, so that eyes are above lips
    angle = rng.uniform(-0.5, 0.5)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points @ turn.T * size + centre).astype(np.float32)


def image(seed: int, height: int, width: int) -> np.ndarray:
    """uint8 [height, width, 3]: smooth colour waves plus a little noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for _ in range(3):
        fx, fy, phase = rng.uniform(0.01, 0.06), rng.uniform(0.01, 0.06), rng.uniform(0, 6.28)
        planes.append(127.5 + 110 * np.sin(fx * x + fy * y + phase))
    noise = 6 * rng.standard_normal((height, width, 3))
    return np.clip(np.stack(planes, -1) + noise, 0, 255).astype(np.uint8)


def render(noise_seed: int, picture_seed: int, side: int = 512) -> np.ndarray:
    """float32 [side, side, 3] in 0..255, with fractions: half noise, half picture."""
    noise = uniform(noise_seed, (side, side, 3)) * 255
    return (0.5 * noise + 0.5 * image(picture_seed, side, side)).astype(np.float32)


def speech(seed: int, seconds: float, rate: int = 16000) -> np.ndarray:
    """float32 mono: a few gliding tones under a slow envelope."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    wave = np.zeros_like(time)
    for _ in range(5):
        f, d, p = rng.uniform(90, 900), rng.uniform(-40, 40), rng.uniform(0, 6.28)
        wave += np.sin(2 * np.pi * (f + d * time) * time + p)
    envelope = 0.5 + 0.5 * np.sin(2 * np.pi * 1.7 * time + rng.uniform(0, 6.28))
    return (0.1 * wave * envelope).astype(np.float32)


def fake_hubert(chunk: np.ndarray) -> np.ndarray:
    """Stands in for the streaming HuBERT: [(n - 400) // 320 + 1, 1024] from a float32 chunk of n samples."""
    chunk = np.asarray(chunk, np.float64).reshape(-1)
    count = (len(chunk) - 400) // 320 + 1
    frames = np.stack([chunk[i * 320 : i * 320 + 400] for i in range(count)])
    stats = np.stack([frames.mean(1), frames.std(1), np.abs(frames).max(1), frames[:, 200]], 1)
    mix = np.random.default_rng(777).standard_normal((4, 1024))
    return (stats @ mix).astype(np.float32)


def hubert_stand_in():
    """The function fake_hubert."""
    return fake_hubert


def stub_lmdm(seed: int):
    """A stand-in for the diffusion model: call(kp_cond [1,265], aud_cond [1,L,d], steps) -> [1,L,265].
    The k-th call (from 0) adds noise drawn from default_rng(seed + k).
    """
    state = {"k": 0}

    def call(kp_cond, aud_cond, steps):
        noise = 0.1 * np.random.default_rng(seed + state["k"]).standard_normal((1, aud_cond.shape[1], 265))
        state["k"] += 1
        audio = 0.2 * np.sin(aud_cond[:, :, :265].astype(np.float64))
        audio = audio + 0.1 * aud_cond[:, :, -8:].mean(-1, keepdims=True)
        return (0.5 * kp_cond[:, None].astype(np.float64) + audio + noise).astype(np.float32)

    return call


def detector_outputs(seed: int) -> list[np.ndarray]:
    """Raw outputs of the face detector: three scores [n,1], three boxes [n,4], three point sets [n,10]."""
    rng = np.random.default_rng(seed)
    scores, boxes, points = [], [], []
    for side in (64, 32, 16):
        count = side * side * 2
        score = 0.3 * rng.random((count, 1))
        hot = rng.choice(count, 6, replace=False)
        score[hot] = 0.45 + 0.5 * rng.random((6, 1))
        scores.append(score.astype(np.float32))
        boxes.append((1 + 5 * rng.random((count, 4))).astype(np.float32))
        points.append((2 * rng.standard_normal((count, 10))).astype(np.float32))
    return scores + boxes + points


def blaze_outputs(seed: int) -> list[np.ndarray]:
    """Raw outputs of the short-range face model: regressors [1,896,16], logits [1,896,1]."""
    rng = np.random.default_rng(seed)
    regressors = (10 * rng.standard_normal((1, 896, 16))).astype(np.float32)
    regressors[..., 2:4] = 45 + 10 * rng.random((1, 896, 2))
    logits = (-6 + rng.standard_normal((1, 896, 1))).astype(np.float32)
    logits[0, 400:412] = 2 + rng.random((12, 1))
    return [regressors, logits]


RECIPES = {
    function.__name__: function
    for function in (
        array, uniform, normal, magnitudes, scaled, reshaped, constant_rows, noise_draws, keypoints, motion_info,
        motion_infos, driving_infos, driving_info, every_frame, frame_table, audio_features, source_info, landmarks,
        image, render, speech, hubert_stand_in, stub_lmdm, detector_outputs, blaze_outputs,
    )
}  # fmt: skip


def sample_flat(array: np.ndarray, stride: int) -> np.ndarray:
    """Every stride-th element of the flattened array, from element 0."""
    return np.ascontiguousarray(array.reshape(-1)[::stride])


def summary(array: np.ndarray) -> np.ndarray:
    """[mean, std, min, max] in float64 arithmetic, stored as float32."""
    wide = array.astype(np.float64)
    return np.array([wide.mean(), wide.std(), wide.min(), wide.max()], np.float32)


def stored(output: dict, values: np.ndarray) -> dict[str, np.ndarray]:
    """What the npz keeps of an output, as {suffix of the array's name: array}. ``output["keep"]`` is absent (all of
    it), {"slice": [[start, stop, step], ...]} for the leading axes, {"flat_stride": n} (every n-th element of the
    flattened array), or {"sample_stride": n} for large arrays: such a sample, the summary and the first 64 elements.
    """
    keep = output.get("keep", {})
    if "slice" in keep:
        return {"": values[tuple(slice(*part) for part in keep["slice"])]}
    if "flat_stride" in keep:
        return {"": sample_flat(values, keep["flat_stride"])}
    if "sample_stride" in keep:
        sample = sample_flat(values, keep["sample_stride"])
        return {"__sample": sample, "__stats": summary(values), "__head": values.reshape(-1)[:64].copy()}
    return {"": values}


def matches(golden: np.ndarray, mine: np.ndarray, tolerance: dict) -> bool:
    """Integers and shapes must be equal. uint8: no value off by more than tolerance["uint8"], and at most the share
    tolerance["share_off"] (default 1) of the values off at all. Floats: |mine - golden| <= atol + rtol*|golden|;
    element 0 of the array may have an allowance of its own, "first_element_atol".
    """
    golden, mine = np.asarray(golden), np.asarray(mine)
    if golden.shape != mine.shape:
        return False
    if golden.dtype == np.uint8:
        off = np.abs(golden.astype(int) - mine.astype(int))
        return bool((off <= tolerance.get("uint8", 0)).all() and (off > 0).mean() <= tolerance.get("share_off", 1.0))
    if golden.dtype.kind != "f":
        return bool(np.array_equal(golden, mine))
    allowed = tolerance["atol"] + tolerance["rtol"] * np.abs(golden.astype(np.float64))
    if "first_element_atol" in tolerance:
        allowed.reshape(-1)[0] = tolerance["first_element_atol"]
    return bool((np.abs(mine.astype(np.float64) - golden) <= allowed).all())
