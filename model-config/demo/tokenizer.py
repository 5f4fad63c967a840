"""Trains the demo tokenizer: byte-level BPE, with the prompt's fixed stretches as single tokens.

The fixed text of the template and the ten objective sentences are added tokens, so a
prompt costs about ten tokens before query and answer. Text is otherwise unchanged by
encoding and decoding, spaces and line breaks included.
"""

import json
import random
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

import lexicon as lex
import rules
from corpus import Corpus

VOCABULARY = 2048
SPECIAL = ["<unk>", "<s>", "</s>"]


def fixed_stretches() -> list[str]:
    """Text of the template between its holes, the objectives, and the separator between objectives."""
    first, query, answer, edit = (part.split("}")[-1] for part in rules.TEMPLATE.split("{"))
    return [first, query, answer, edit, "; ", *rules.OBJECTIVES.values()]


def train(seed: int = 1, cases: int = 12_000) -> Tokenizer:
    corpus = Corpus(seed)

    def texts():
        for _ in range(cases):
            case = corpus.case()
            yield case.query
            yield case.answer
            yield case.edit
            yield case.objectives[0] if case.objectives[0] not in rules.OBJECTIVES else ""
        # Each word of the lists and of the rules often enough to become one token where the room allows.
        rng = random.Random(seed)
        swaps = {}
        for table in (rules.READABILITY, rules.HONESTY, rules.SPECIFICITY):
            swaps |= rules.flat(table)
        for word in [*swaps, *swaps.values(), *rules.LENGTH_WORDS, *rules.INSULTS]:
            for _ in range(1500):
                yield f"x {word}"
        common = corpus.words["common"][0]
        weights = [2.0 if i < lex.FUNCTION_WORDS else 1.0 for i in range(len(common))]
        for _ in range(20_000):
            yield " ".join(rng.choices(common, weights, k=12))

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    stretches = fixed_stretches()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(stretches),
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts(), trainer)
    tokenizer.add_tokens([AddedToken(text, normalized=False, special=False) for text in stretches])
    return tokenizer


def save(tokenizer: Tokenizer, path: Path) -> None:
    """Writes tokenizer.json with merges as "a b" strings, the form that every reader knows."""
    data = json.loads(tokenizer.to_str())
    data["model"]["merges"] = [m if isinstance(m, str) else " ".join(m) for m in data["model"]["merges"]]
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def pieces(tokenizer: Tokenizer) -> list[str]:
    """Texts of the ordinary tokens that are whole characters, for random copying."""
    added = set(fixed_stretches()) | set(SPECIAL)
    texts = [tokenizer.decode([i]) for i in range(tokenizer.get_vocab_size())]
    return [t for t in texts if t and t not in added and "\ufffd" not in t and t.isprintable()]


if __name__ == "__main__":
    build = Path(__file__).parent / "build"
    build.mkdir(exist_ok=True)
    trained = train()
    save(trained, build / "tokenizer.json")
    print(f"{build / 'tokenizer.json'}: {trained.get_vocab_size()} tokens")
