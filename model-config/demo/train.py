"""Trains the demo model on the CPU: python train.py [--resume].

Stages run in order from short copies to whole answers; the last ones train through the
q4f32_1 rounding that the shipped weights go through. State is saved to build/state.npz
every minute and at the end of each stage; --resume goes on from there.
"""

import argparse
import json
import math
import os
import time
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from tokenizers import Tokenizer

import tokenizer as tok
from batches import STAGES, batches, encode_case
from corpus import Corpus
from model import MATRICES, as_shipped, forward, initial, make_decoder, rms_norm, shapes, straight_through

HERE = Path(__file__).parent
BUILD = HERE / "build"
SAVE_EVERY_S = 60
# What `traced` gives is taught to layers (counted from 0) by losses of this weight: the first head of some looks at
# the same place of an earlier sentence, and what leaves one tells whether the sentence before is dropped.
LOOK_LAYERS, DROP_LAYER, TRACE_WEIGHT = (1, 2), 3, 0.2


def loss_fn(config, rounding, params, ids, wanted, targets, traces):
    """(training loss, its parts): cross-entropies in nats, each a mean, of the edits' tokens, of where LOOK_LAYERS
    look (BOS where no earlier sentence begins like this one), and of which sentences are dropped."""
    logits, inner, looks = forward(config, straight_through(params) if rounding else params, ids, wanted)
    picked = jnp.take_along_axis(logits, jnp.maximum(targets, 0)[:, None], -1)[:, 0]
    real = (targets >= 0).astype(jnp.float32)
    losses = [jnp.sum((jax.nn.logsumexp(logits, -1) - picked) * real) / jnp.sum(real)]
    place, drop = traces[..., 0], traces[..., 1]
    told = (place > 0).astype(jnp.float32)
    same = (place[:, :, None] == place[:, None, :]) & jnp.tril(jnp.ones(ids.shape[1:] * 2, bool), -1)
    for layer in LOOK_LAYERS:
        right = jnp.where(jnp.any(same, -1), jnp.sum(looks[layer] * same, -1), looks[layer][..., 0])
        losses.append(-jnp.sum(jnp.log(right + 1e-6) * told) / jnp.sum(told))
    x = rms_norm(inner[DROP_LAYER], params["drop"][:-1], config["rms_norm_eps"])
    score = jnp.sum(x, -1) + params["drop"][-1]
    losses.append(jnp.sum(jax.nn.softplus(jnp.where(drop > 0, -score, score)) * told) / jnp.sum(told))
    return losses[0] + TRACE_WEIGHT * sum(losses[1:]), jnp.stack(losses)


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
    (_, losses), grads = jax.value_and_grad(partial(loss_fn, config, rounding), has_aux=True)(params, *batch)
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
    return new_params, new_state, losses


def optimiser_state(params: dict) -> dict:
    state = {}
    for name, p in params.items():
        state[f"m.{name}"] = jnp.zeros_like(p)
        if not (name in MATRICES and p.ndim == 3):
            state[f"v.{name}"] = jnp.zeros_like(p)
    return state


class Check:
    """Greedy exact match on held-out cases, in [0, 1]."""

    def __init__(self, config, tokenizer, sentences, alone=None, count=128, prompt=160, new=112):
        """`alone`: the one objective that is chosen and has something to edit, rather than any mixture."""
        corpus, self.rows = Corpus(99, held_out=True, pieces=tok.pieces(tokenizer)), []
        while len(self.rows) < count:
            case = corpus.case(*sentences, *(((alone,), {alone}) if alone else ()))
            p, e = encode_case(tokenizer, case)
            if len(p) <= prompt and len(e) <= new and not (alone and case.edit == case.answer):
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
        # Only training reads this: a weight for each number that leaves DROP_LAYER, and a bias.
        params["drop"] = jnp.zeros(config["hidden_size"] + 1, jnp.float32)
        state = optimiser_state(params)
    print(f"{sum(math.prod(s) for s in shapes(config).values()):,} parameters", flush=True)
    check, drops = Check(config, tokenizer, (1, 3)), Check(config, tokenizer, (1, 3), "repeat")
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
            params, state, loss = update(
                config_json, stage.rounding, params, state, batch, np.float32(rate), np.float32(done + 1)
            )
            losses.append(loss)
            done += 1
            seen += batch[0].size
            if done % 25 == 0:
                mean, *traces = np.mean(np.stack(losses), 0)
                now = time.time()
                print(
                    f"{now - began:6.0f} s  {stage.name} {done}  loss {mean:.4f}  "
                    f"traces {' '.join(f'{x:.3f}' for x in traces)}  rate {rate:.1e}  "
                    f"{seen / (now - mark):.0f} tokens/s", flush=True,
                )
                losses, seen, mark = [], 0, now
            if done % 200 == 0:
                shipped = as_shipped(params)
                both = f"{check(shipped):.3f}, Repetition alone {drops(shipped):.3f}"
                print(f"       held-out exact, as shipped: {both}", flush=True)
                mark = time.time()
            if time.time() - saved > SAVE_EVERY_S:
                save(path, params, state, done)
                saved = time.time()
        start += stage.steps
        save(path, params, state, done)
    print(f"trained in {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
