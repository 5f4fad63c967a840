"""Writes the test fixtures that hold what the shipped demo model answers: python fixtures.py [FOLDER].

test/fixtures/demo-reference.json: prompts, their ids (BOS included), the edit the rules
ask for, and the greedy ids (EOS left out) and text of the numpy reference forward.
test/fixtures/demo-heldout.json: more held-out cases, without model output.
"""

import json
import sys
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

import reference
import rules
from batches import encode_case
from corpus import Case
from evaluate import SHIPPED, held_out_corpus
from train import HERE

FIXTURES = HERE.parent.parent / "test" / "fixtures"
BANDS = [((1, 1), 10), ((2, 3), 18), ((4, 6), 12), ((8, 12), 4)]  # content sentences, cases
MARGIN = 0.01  # logits; nearer to a tie, two correct float implementations may choose differently


def plain(case: Case) -> dict:
    return {"objectives": list(case.objectives), "query": case.query, "answer": case.answer, "expected_edit": case.edit}


def smallest_margin(model: reference.Model, prompt_ids: list[int], ids: list[int]) -> float:
    """Over all decoded tokens and the EOS after them: the least distance between the two best logits."""
    logits = model.forward([*prompt_ids, *ids], model.start())[len(prompt_ids) - 1 :]
    best = np.sort(logits, axis=-1)[:, -2:]
    return float((best[:, 1] - best[:, 0]).min())


def reference_cases(folder: Path, tokenizer: Tokenizer) -> list[dict]:
    corpus = held_out_corpus(11, tokenizer)
    model = reference.Model(folder)

    def row(make) -> dict:
        while True:
            case = make()
            prompt_ids, edit_ids = encode_case(tokenizer, case)
            ids = model.greedy(prompt_ids, 2 * len(edit_ids) + 32)
            if smallest_margin(model, prompt_ids, ids) >= MARGIN:
                break
        return {
            **plain(case), "prompt": case.prompt, "prompt_ids": prompt_ids,
            "reference_ids": ids, "reference_text": tokenizer.decode(ids),
        }

    # Every rule at least once, then any mixture.
    rows = [row(lambda key=key: corpus.case(1, 3, (key,), {key})) for key in rules.OBJECTIVES]
    for sentences, count in BANDS:
        rows += [row(lambda s=sentences: corpus.case(*s)) for _ in range(count)]
    return rows


def write(name: str, rows: list[dict]) -> None:
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (FIXTURES / name).write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{name}: {len(rows)} cases")


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    FIXTURES.mkdir(parents=True, exist_ok=True)
    rows = reference_cases(folder, tokenizer)
    write("demo-reference.json", rows)
    print(f"reference equals the rules in {sum(r['reference_text'] == r['expected_edit'] for r in rows)}")
    corpus = held_out_corpus(12, tokenizer)
    write("demo-heldout.json", [plain(corpus.case(1, 4)) for _ in range(240)])
