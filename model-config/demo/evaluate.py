"""Scores a model build (q4f32_1, as shipped) on held-out cases: python evaluate.py [FOLDER] [--count N].

Decodes greedily with the dequantised weights read back from the build's own files.
Exact: the whole edit is right, byte for byte. Edits: of the word edits the rules ask
for, how many were made (recall) and how many of those made were asked for (precision).
No case shares a sentence with training: each content sentence holds a held-out word.
Writes build/scores.json and prints a Markdown table.
"""

import argparse
import json
import re
from collections import defaultdict
from difflib import SequenceMatcher
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from tokenizers import Tokenizer

import reference
import rules
import tokenizer as tok
from batches import EOS, STAGES, encode_case
from corpus import Case, Corpus
from export import LAYER_NAMES, NAMES
from model import make_decoder
from train import BUILD, HERE

SHIPPED = HERE.parent.parent / "public" / "models" / "demo"
PROMPTS = [128, 192, 256, 384, 640]  # prompt lengths that cases are padded to, in ids
BATCH = 64


def shipped_params(folder: Path) -> tuple[dict, dict]:
    """(config, stacked float32 parameters) dequantised from a model build."""
    build = reference.Model(folder)
    c, w = build.config, build.weights
    dim = c["hidden_size"] // c["num_attention_heads"]
    split = [c["hidden_size"], c["hidden_size"] + dim * c["num_key_value_heads"]]
    layers = defaultdict(list)
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}"
        q, k, v = np.split(w[f"{p}.self_attn.qkv_proj"], split)
        gate, up = np.split(w[f"{p}.mlp.gate_up_proj"], 2)
        parts = {"q": q, "k": k, "v": v, "gate": gate, "up": up}
        for short, name in LAYER_NAMES.items():
            layers[short].append(parts[short] if short in parts else w[f"{p}.{name}"])
    params = {short: np.stack(values) for short, values in layers.items()}
    params |= {short: w[name] for short, name in NAMES.items()}
    config = dict(c, rope_theta=c["position_embedding_base"])
    return config, {k: jnp.asarray(v, jnp.float32) for k, v in params.items()}


def decode_all(config: dict, params: dict, tokenizer: Tokenizer, cases: list[Case], room: int = 32) -> list[str]:
    """The greedy edit of each case; at most the answer's ids plus about `room` new ids."""
    groups = defaultdict(list)
    rows = [encode_case(tokenizer, case)[0] for case in cases]
    for i, ids in enumerate(rows):
        groups[next(p for p in PROMPTS if len(ids) <= p)].append(i)
    out = [""] * len(cases)
    for length, members in groups.items():
        decode = make_decoder(config, length, length + room, EOS)
        for start in range(0, len(members), BATCH):
            part = members[start : start + BATCH]
            filled = (part + part[-1:] * BATCH)[:BATCH]  # the last batch repeats its last case
            ids = np.zeros((BATCH, length), np.int32)
            for row, i in enumerate(filled):
                ids[row, : len(rows[i])] = rows[i]
            result = np.asarray(decode(params, ids, np.array([len(rows[i]) for i in filled], np.int32)))
            for row, i in enumerate(part):
                new = result[row].tolist()
                out[i] = tokenizer.decode(new[: new.index(EOS)] if EOS in new else new)
    return out


def word_edits(before: str, after: str) -> set[tuple]:
    """Word-level edits from one text to another, as (start, end, replacement)."""
    a, b = re.findall(r"\s*\S+", before), re.findall(r"\s*\S+", after)
    codes = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return {(i1, i2, "".join(b[j1:j2])) for op, i1, i2, j1, j2 in codes if op != "equal"}


def held_out_corpus(seed: int, tokenizer: Tokenizer) -> Corpus:
    """Words and frames never trained on; the mixture of the last stage of training."""
    last = STAGES[-1]
    return Corpus(
        seed, held_out=True, pieces=tok.pieces(tokenizer), stray_repeats=last.stray_repeats, recurring=last.recurring
    )


def sets(count: int, corpus: Corpus) -> dict[str, list[Case]]:
    """Held-out cases by what they probe, `count` in each set."""
    rng, keys = corpus.rng, list(rules.OBJECTIVES)
    others = [k for k in keys if k != "repeat"]

    def some(make, keep=lambda case: True):
        found: list[Case] = []
        while len(found) < count:
            case = make()
            if keep(case):
                found.append(case)
        return found

    def edited(case: Case) -> bool:
        return case.edit != case.answer

    def stray(share: float = 0.2) -> set[str]:
        """Objectives whose material an answer holds although they need not be chosen."""
        return {k for k in others if rng.random() < share}

    def mixed(size: int) -> Case:
        chosen = tuple(rng.sample(keys, size))
        return corpus.case(1, 4, chosen, stray() | set(rng.sample(chosen, 2)))

    result = {}
    for key in keys:
        result[f"{rules.OBJECTIVES[key].split(':')[0]} alone"] = some(
            lambda key=key: corpus.case(1, 4, (key,), stray() | {key}), edited
        )
    for size in (2, 3, 5):
        result[f"{size} objectives"] = some(lambda size=size: mixed(size), edited)
    result["all ten objectives"] = some(lambda: corpus.case(1, 4, tuple(keys)), edited)
    result["no edit needed"] = some(lambda: corpus.case(1, 4), lambda c: not edited(c))
    result["own objective only"] = some(lambda: corpus.case(1, 4, (corpus.own(),), stray(0.4)))
    result["long answers (7 to 13 sentences)"] = some(lambda: corpus.case(7, 13))
    result["repeats, Repetition not chosen"] = some(
        lambda: corpus.case(1, 4, (rng.choice(others),), stray() | {"repeat"}),
        lambda c: rules.apply(("repeat",), c.query, c.answer) != c.answer,
    )
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=SHIPPED)
    parser.add_argument("--count", type=int, default=100, help="cases in each set")
    args = parser.parse_args()
    config, params = shipped_params(args.folder)
    tokenizer = Tokenizer.from_file(str(args.folder / "tokenizer.json"))
    scores, wrong = {}, []
    named = sets(args.count, held_out_corpus(21, tokenizer))
    flat = decode_all(config, params, tokenizer, [case for cases in named.values() for case in cases])
    for name, cases in named.items():
        edits, flat = flat[: len(cases)], flat[len(cases) :]
        asked = made = right = exact = 0
        for case, edit in zip(cases, edits, strict=True):
            want, got = word_edits(case.answer, case.edit), word_edits(case.answer, edit)
            asked, made, right = asked + len(want), made + len(got), right + len(want & got)
            exact += edit == case.edit
            if edit != case.edit:
                wrong.append({"set": name, "objectives": case.objectives, "query": case.query,
                              "answer": case.answer, "expected": case.edit, "got": edit})
        scores[name] = {"cases": len(cases), "exact": exact, "asked": asked, "made": made, "right": right}
    total = {k: sum(s[k] for s in scores.values()) for k in next(iter(scores.values()))}
    print("| set | cases | exact | edit recall | edit precision |\n|---|---|---|---|---|")
    for name, s in {**scores, "all": total}.items():
        recall = f"{100 * s['right'] / s['asked']:.1f} %" if s["asked"] else "none asked"
        precision = f"{100 * s['right'] / s['made']:.1f} %" if s["made"] else "none made"
        print(f"| {name} | {s['cases']} | {100 * s['exact'] / s['cases']:.1f} % | {recall} | {precision} |")
    BUILD.mkdir(exist_ok=True)
    (BUILD / "scores.json").write_text(json.dumps({"scores": scores, "all": total, "wrong": wrong}, indent=1))


if __name__ == "__main__":
    main()
