"""What training reads: the stages, their rows of prompt and edit, and what each id of an answer should let it see."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

import rules
import tokenizer as tok
from corpus import Case, Corpus

BOS, EOS = 1, 2
BUCKETS = [48, 64, 80, 96, 112, 128, 160, 192, 256, 320, 448, 640]


@dataclass(frozen=True)
class Stage:
    """`longest`: ids in a row. `sentences`: content sentences in an answer. `copies`: share of pure copying.

    `tiny`: share of answers made of tiny sentences, `repeating` of them, many of which stood before.
    """

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
    tiny: float = 0.0
    repeating: tuple[int, int] = (2, 6)


# Objectives that drop whole sentences are the hardest to learn, Repetition above all.
DROPPING = ("repeat", "repeat", "repeat", "len", "fair", "speci")

STAGES = [
    Stage("tiny", 300, (2e-3, 2e-3), 64, (1, 1), 0.4, tiny=0.7),
    Stage("short", 500, (2e-3, 2e-3), 96, (1, 2), 0.2, focus=DROPPING, tiny=0.3, repeating=(3, 8)),
    Stage("medium", 475, (2e-3, 2e-3), 160, (1, 3), 0.12, (3, 40), focus=DROPPING, tiny=0.1, repeating=(4, 12)),
    Stage("wide", 750, (1.8e-3, 1.8e-3), 256, (1, 5), 0.1, (3, 80), 4608, False, 0.06, 0.1, 0.6, DROPPING),
    Stage("rounded", 800, (1.5e-3, 1.5e-3), 640, (1, 9), 0.05, (3, 200), 4608, True, 0.06, 0.08, 0.6, DROPPING),
    Stage("polish", 1000, (1.2e-3, 5e-6), 640, (1, 9), 0.05, (3, 200), 4608, True, 0.08, 0.05, 0.7, DROPPING),
]


def encode_case(tokenizer: Tokenizer, case: Case) -> tuple[list[int], list[int]]:
    """Ids of the prompt (with BOS) and of the edit (with EOS), encoded apart as at run time."""
    return [BOS, *tokenizer.encode(case.prompt).ids], [*tokenizer.encode(case.edit).ids, EOS]


def traced(tokenizer: Tokenizer, case: Case) -> list[tuple[int, int]]:
    """(place, drop) for each id of the prompt (with BOS) that stands for a piece of the answer; else (0, 0).

    place: a number for the sentence as far as it has been read; sentences that begin alike have the same numbers for
    as long. drop: 1 when the last sentence that has ended, maybe with this id, is one that the edit drops.
    """
    first = case.prompt.rindex(case.answer + case.prompt[case.prompt.rindex(" | Edit: ") :])
    parts, drops = rules.sentences(case.answer), rules.dropped(case.objectives, case.answer)
    places: dict[tuple[str, bool], int] = {}
    trace, number, begin, drop = [(0, 0)], 0, 0, 0
    for a, b in tokenizer.encode(case.prompt).offsets:
        a, b = a - first, b - first
        if a < 0 or b > len(case.answer):
            trace.append((0, 0))
            continue
        while a >= begin + len(parts[number]):
            drop = int(drops[number])
            begin += len(parts[number])
            number += 1
        read, ended = case.answer[begin:b].lstrip(), b >= begin + len(parts[number])
        place = places.setdefault((read, ended), len(places) + 1) if read else 0
        trace.append((place, int(drops[number]) if ended else drop))
    return trace


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
        elif corpus.rng.random() < stage.tiny:
            case = corpus.repeating(*stage.repeating)
        else:
            case = corpus.case(*stage.sentences)
        prompt, edit = encode_case(tokenizer, case)
        length = len(prompt) + len(edit)
        if length > stage.longest:
            continue
        bucket = next(b for b in BUCKETS if length <= b)
        rows = waiting[bucket]
        rows.append((prompt, edit, traced(tokenizer, case)))
        if len(rows) < stage.tokens // bucket:
            continue
        waiting[bucket] = []
        yield arranged(rows, bucket)


def arranged(rows: list, bucket: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(ids [rows, bucket], wanted, targets, traces [rows, bucket, 2]): flat positions that precede an edit's token,
    that token, and what `traced` gives.

    `wanted` and `targets` have the fixed length rows * bucket / 2, filled up with target -1; an edit is rarely
    more than half of a batch, and what exceeds it is left out.
    """
    ids = np.zeros((len(rows), bucket), np.int32)
    traces = np.zeros((len(rows), bucket, 2), np.int32)
    wanted, targets = [], []
    for i, (prompt, edit, trace) in enumerate(rows):
        traces[i, : len(prompt)] = trace
        ids[i, : len(prompt) + len(edit)] = prompt + edit
        wanted += range(i * bucket + len(prompt) - 1, i * bucket + len(prompt) + len(edit) - 1)
        targets += edit
    room = len(rows) * bucket // 2
    fill = max(0, room - len(wanted))
    return (
        ids,
        np.array(wanted[:room] + [0] * fill, np.int32),
        np.array(targets[:room] + [-1] * fill, np.int32),
        traces,
    )
