"""Trains the demo model on the CPU: python train.py [--stages STAGE ...] [--resume].

Stages run in order from short copies to whole answers; the last ones train through the
q4f32_1 rounding that the shipped weights go through. State is saved to build/state.npz
every few minutes and at the end of each stage; --resume goes on from there.
"""

import argparse
import json
import math
import os
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from tokenizers import Tokenizer

import tokenizer as tok
from corpus import Case, Corpus
from model import MATRICES, as_shipped, forward, initial, make_decoder, shapes, straight_through

HERE = Path(__file__).parent
BUILD = HERE / "build"
BOS, EOS = 1, 2
BUCKETS = [48, 64, 80, 96, 112, 128, 160, 192, 256, 320, 448, 640]
SAVE_EVERY_S = 240


@dataclass(frozen=True)
class Stage:
    """`longest`: ids in a row. `sentences`: content sentences in an answer. `copies`: share of pure copying."""

    name: str
    steps: int
    rate: tuple[float, float]
    longest: int
    sentences: tuple[int, int]
    copies: float
    noise: tuple[int, int] = (3, 16)
    tokens: int = 4608
    rounding: bool = False
    stray_repeats: float = 0.2
    recurring: float = 0.3
    occasion: float = 0.5
    focus: tuple[str, ...] = ()


# Objectives that drop whole sentences are the hardest to learn, Repetition above all.
DROPPING = ("repeat", "repeat", "repeat", "len", "fair", "speci")

STAGES = [
    Stage("copy", 250, (2e-3, 2e-3), 64, (1, 1), 0.6),
    Stage("short", 450, (2e-3, 2e-3), 96, (1, 2), 0.2, focus=DROPPING),
    Stage("medium", 1700, (2e-3, 2e-3), 160, (1, 3), 0.12, (3, 40), focus=DROPPING),
    Stage("wide", 1000, (1.8e-3, 1.4e-3), 256, (1, 5), 0.1, (3, 80), 4608, False, 0.06, 0.1, 0.6, DROPPING),
    Stage("long", 200, (1.4e-3, 1.2e-3), 640, (2, 13), 0.08, (10, 250), 5120, False, 0.06, 0.1, 0.6, DROPPING),
    Stage("rounded", 700, (1.2e-3, 8e-4), 640, (1, 9), 0.06, (3, 220), 5120, True, 0.06, 0.1, 0.6, DROPPING),
    Stage("polish", 1600, (1.2e-3, 5e-6), 448, (1, 7), 0.05, (3, 150), 4608, True, 0.08, 0.05, 0.7, DROPPING),
]


def encode_case(tokenizer: Tokenizer, case: Case) -> tuple[list[int], list[int]]:
    """Ids of the prompt (with BOS) and of the edit (with EOS), encoded apart as at run time."""
    return [BOS, *tokenizer.encode(case.prompt).ids], [*tokenizer.encode(case.edit).ids, EOS]


def batches(stage: Stage, tokenizer: Tokenizer, seed: int):
    """Endless batches as `arranged` gives them; rows of like length share one."""
    corpus = Corpus(
        seed, pieces=tok.pieces(tokenizer), stray_repeats=stage.stray_repeats, recurring=stage.recurring,
        occasion=stage.occasion, focus=stage.focus,
    )
    waiting = defaultdict(list)
    while True:
        if corpus.rng.random() < stage.copies:
            case = corpus.copying(*stage.noise)
        else:
            case = corpus.case(*stage.sentences)
        prompt, edit = encode_case(tokenizer, case)
        length = len(prompt) + len(edit)
        if length > stage.longest:
            continue
        bucket = next(b for b in BUCKETS if length <= b)
        rows = waiting[bucket]
        rows.append((prompt, edit))
        if len(rows) < stage.tokens // bucket:
            continue
        waiting[bucket] = []
        yield arranged(rows, bucket)


def arranged(rows: list, bucket: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(ids [rows, bucket], wanted, targets): flat positions that precede an edit's token, and that token.

    `wanted` and `targets` have the fixed length rows * bucket / 2, filled up with target -1; an edit is rarely
    more than half of a batch, and what exceeds it is left out.
    """
    ids = np.zeros((len(rows), bucket), np.int32)
    wanted, targets = [], []
    for i, (prompt, edit) in enumerate(rows):
        ids[i, : len(prompt) + len(edit)] = prompt + edit
        wanted += range(i * bucket + len(prompt) - 1, i * bucket + len(prompt) + len(edit) - 1)
        targets += edit
    room = len(rows) * bucket // 2
    fill = max(0, room - len(wanted))
    return (
        ids,
        np.array(wanted[:room] + [0] * fill, np.int32),
        np.array(targets[:room] + [-1] * fill, np.int32),
    )


def loss_fn(config, rounding, params, ids, wanted, targets):
    """Mean cross-entropy in nats over the edits' tokens."""
    logits = forward(config, straight_through(params) if rounding else params, ids, wanted)
    picked = jnp.take_along_axis(logits, jnp.maximum(targets, 0)[:, None], -1)[:, 0]
    real = (targets >= 0).astype(jnp.float32)
    return jnp.sum((jax.nn.logsumexp(logits, -1) - picked) * real) / jnp.sum(real)


def orthogonalised(m: jax.Array) -> jax.Array:
    """Newton-Schulz steps towards the nearest semi-orthogonal matrices, m [layers, out, in] (the Muon update)."""
    tall = m.shape[-2] > m.shape[-1]
    x = m.mT if tall else m
    x = x / (jnp.linalg.norm(x, axis=(-2, -1), keepdims=True) + 1e-7)
    for _ in range(5):
        s = x @ x.mT
        x = 3.4445 * x + (-4.7750 * s + 2.0315 * s @ s) @ x
    return x.mT if tall else x


@partial(jax.jit, static_argnums=(0, 1), donate_argnums=(2, 3))
def update(config_json, rounding, params, state, batch, rate, step):
    """One step: Muon for the layers' matrices, Adam for embedding, head and norms; gradients clipped to norm 1."""
    config = json.loads(config_json)
    loss, grads = jax.value_and_grad(partial(loss_fn, config, rounding))(params, *batch)
    norm = jnp.sqrt(sum(jnp.sum(g * g) for g in grads.values()))
    scale = jnp.minimum(1.0, 1.0 / (norm + 1e-9))
    new_params, new_state = {}, {}
    for name, p in params.items():
        g = grads[name] * scale
        if name in MATRICES and p.ndim == 3:
            m = 0.95 * state[f"m.{name}"] + g
            new_state[f"m.{name}"] = m
            change = orthogonalised(g + 0.95 * m) * 0.2 * math.sqrt(max(p.shape[-2:]))
            decay = 0.02
        else:
            m = 0.9 * state[f"m.{name}"] + 0.1 * g
            v = 0.98 * state[f"v.{name}"] + 0.02 * g * g
            new_state[f"m.{name}"], new_state[f"v.{name}"] = m, v
            change = (m / (1 - 0.9**step)) / (jnp.sqrt(v / (1 - 0.98**step)) + 1e-8)
            decay = 0.0
        new_params[name] = p - rate * (change + decay * p)
    return new_params, new_state, loss, norm


def optimiser_state(params: dict) -> dict:
    state = {}
    for name, p in params.items():
        state[f"m.{name}"] = jnp.zeros_like(p)
        if not (name in MATRICES and p.ndim == 3):
            state[f"v.{name}"] = jnp.zeros_like(p)
    return state


class Check:
    """Greedy exact match on held-out cases, in [0, 1]."""

    def __init__(self, config, tokenizer, sentences, count=128, prompt=160, new=112):
        corpus, self.rows = Corpus(99, held_out=True, pieces=tok.pieces(tokenizer)), []
        while len(self.rows) < count:
            p, e = encode_case(tokenizer, corpus.case(*sentences))
            if len(p) <= prompt and len(e) <= new:
                self.rows.append((p, e))
        self.ids = np.zeros((count, prompt), np.int32)
        for i, (p, _) in enumerate(self.rows):
            self.ids[i, : len(p)] = p
        self.lengths = np.array([len(p) for p, _ in self.rows], np.int32)
        self.decode = make_decoder(config, prompt, new)

    def __call__(self, params) -> float:
        out = np.asarray(self.decode(params, self.ids, self.lengths))
        return float(np.mean([list(o[: len(e)]) == e for o, (_, e) in zip(out, self.rows, strict=True)]))


def save(path: Path, params: dict, state: dict, done: int) -> None:
    """Atomically: a run that is cut off leaves the last whole file."""
    partial_path = path.with_suffix(".partial.npz")
    arrays = {f"p.{k}": np.asarray(v) for k, v in params.items()} | {k: np.asarray(v) for k, v in state.items()}
    np.savez(partial_path, done=done, **arrays)
    os.replace(partial_path, path)


def load(path: Path) -> tuple[dict, dict, int]:
    with np.load(path) as data:
        params = {k[2:]: jnp.asarray(data[k]) for k in data.files if k.startswith("p.")}
        state = {k: jnp.asarray(data[k]) for k in data.files if k[:2] in ("m.", "v.")}
        return params, state, int(data["done"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resume", action="store_true", help="go on from build/state.npz")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, default=10**9, help="stop after this many steps in all")
    args = parser.parse_args()
    config = json.loads((HERE / "config.json").read_text())
    config_json = json.dumps(config)
    tokenizer = Tokenizer.from_file(str(BUILD / "tokenizer.json"))
    path = BUILD / "state.npz"
    if args.resume:
        params, state, done = load(path)
        print(f"resumed after {done} steps", flush=True)
    else:
        params, done = initial(config, args.seed), 0
        state = optimiser_state(params)
    print(f"{sum(math.prod(s) for s in shapes(config).values()):,} parameters", flush=True)
    check = Check(config, tokenizer, (1, 3))
    began = saved = time.time()
    start = 0
    for number, stage in enumerate(STAGES):
        rows = batches(stage, tokenizer, args.seed * 1000 + number * 100 + done)
        losses, seen, mark = [], 0, time.time()
        while start <= done < start + stage.steps and done < args.limit:
            batch = next(rows)
            into = (done - start) / stage.steps
            rate = stage.rate[1] + (stage.rate[0] - stage.rate[1]) * 0.5 * (1 + math.cos(math.pi * into))
            rate *= min(1.0, (done + 1) / 100)
            params, state, loss, _ = update(
                config_json, stage.rounding, params, state, batch, np.float32(rate), np.float32(done + 1)
            )
            losses.append(loss)
            done += 1
            seen += batch[0].size
            if done % 25 == 0:
                mean = float(jnp.mean(jnp.stack(losses)))
                now = time.time()
                print(
                    f"{now - began:6.0f} s  {stage.name} {done}  loss {mean:.4f}  rate {rate:.1e}  "
                    f"{seen / (now - mark):.0f} tokens/s", flush=True,
                )
                losses, seen, mark = [], 0, now
            if done % 200 == 0:
                used = as_shipped(params) if stage.rounding else params
                print(f"       held-out exact {check(used):.3f}, as shipped {check(as_shipped(params)):.3f}", flush=True)
                mark = time.time()
            if time.time() - saved > SAVE_EVERY_S:
                save(path, params, state, done)
                saved = time.time()
        start += stage.steps
        save(path, params, state, done)
    print(f"trained in {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
