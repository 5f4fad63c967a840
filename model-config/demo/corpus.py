"""Synthetic (objectives, query, answer) cases for the demo model; the edit comes from rules.apply.

Every answer mixes plain content with material that objectives act on, chosen or not.
`Corpus(held_out=True)` writes with words and sentence frames that training never sees:
each of its content sentences holds at least one held-out word.
"""

import random
import re
import string
from dataclasses import dataclass

import lexicon as lex
import rules

FRAMES = """
The {a} {n} {vs} the {n} {adv}.
The {n} near the {n} is {i}{a}.
{name} {ved} the {a} {n} in {place}.
In {place}, {q} {ns} are {i}{a}.
{name} and {name} {ved} {num} {ns} last {day}.
A {n} can {v} a {a} {n} when the {n} is {a}.
The {a} {n} {adv} {vs} every {n} in the {n}.
{S} in {place} liked the {a} {n}.
You can {v} the {n} with a {n} or a {n}.
If the {n} is {i}{a}, {v} it {adv} and {v} the {n}.
The {n} was {i}{a}, but the {ns} were {a}.
{name} said that the {n} {vs} the {n}.
It {adv} {vs} the {ns} of the {a} {n}.
About {num} {ns} in {place} are {a} or {a}.
The price of a {n} rose from {num} to {num} in {year}.
To {v} a {n}, first {v} the {n}, then {v} the {ns}.
{O}, the {n} {vs} the {a} {ns}.
{O}, {name} {ved} a {n} from {place}.
The {n}, the {n} and the {n} are all {i}{a}.
She {adv} {ved} the {n} and {ved} the {a} {n}.
Most {ns} in {place} {v} the {n} {adv}.
Our {n} has {num} {a} {ns} and one {n}.
Since {year}, {q} {ns} {v} the {n} each {day}.
We {ved} the {n} because it was {i}{a}.
Each {n} {vs} its own {n}, {vague}even in {place}.
His {a} {n} {vs} the {n} of {name}.
They say the {n} {adv} {vs} a {a} {n}.
Keep the {n} {a} and the {ns} {a}.
Why does the {n} {v} a {a} {n}?
What a {i}{a} {n} that was!
The {n} in {place} opened in {year} and {vs} the {n}.
This {n} {vague}{vs} the {ns} of {place}.
{name} has a {a} {n}; {name} has {q} {a} {ns}.
It's {i}{a}, isn't it, {name}?
{name} doesn't {v} the {n}, and the {ns} aren't {a}.
I'm sorry, but I can't {v} the {a} {n}.
Here's what you need: a {n}, {num} {ns} and a {a} {n}.
**{n}**: {v} the {n} ({num} {ns}).
First, {v} the {n} — then {v} it {adv}.
"{n}" means a {a} {n} that {vs} {ns}.
For example, {name}'s {n} {vs} {ns}, {ns}, and {ns}.
{q} {ns} (such as the {n}) {v} more than {num}% of the {ns}.
While {ns} can {v} a {n}, it is important that the {n} doesn't {v} the {a} {ns} of {place}, which {v} {q} {ns}.
You may also want a {a}, {a} or {a} {n}, because {ns} {v} the {n} and {ns} {v} the {n}.
After the {n}, the {ns} {v} a {n} {adv}.
{w} {w} {w} {w} {w} {n} {w} {w}.
{w} {n} {w} {w}, {w} {a} {w} {w} {w} {w}.
{w} {w} {a} {n} {w} {w} {w} {w} {w} {w} {n} {w}, {w} {w} {n}.
{w} {w} {w}-{w} {w} {w} {w} ({w} {n}) {w} {w}.
""".strip().splitlines()

HELD_OUT_FRAMES = """
The {a} {ns} of {place} {adv} {v} the {n}.
Both the {n} and the {a} {n} were {i}{a} in {year}.
{name} asked whether a {n} {vs} the {ns}.
With {num} {ns}, the {n} {adv} {vs} {q} {ns}.
Without a {n}, nobody could {v} the {a} {n} in {place}.
{O}, a {a} {n} {ved} the {n}, and {name} {ved} the {n}.
{w} {n} {w} {w} {w} {a} {w} {w} {n}.
""".strip().splitlines()

QUERIES = """
What is a {n}?
How do I {v} a {n}?
Why is the {n} {a}?
Tell me about the {n} in {place}.
Explain how a {n} {vs} a {n}.
Is a {a} {n} better than a {n}?
Write a few lines about {ns}.
Who {ved} the {n} in {year}?
Can {name} {v} the {ns}?
{w} {w} {w} {n} {w}?
""".strip().splitlines()

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday week month spring summer autumn winter".split()
ENDINGS = "Stay safe.|Good luck.|Over and out.|Have a nice day.|The end.|Cheers!|That is all.|Best wishes.|Amen.".split("|")
FACT_LEADS = ["The", "{name} said that the", "In {place} they teach that the", "As we know, the", "Note that the"]
ACCENTS = "café naïve über señor façade Zürich déjà garçon smörgåsbord Ångström 東京 Привет αβγ € £ ° – — … “so” ‘it’ ✓ 🙂".split()


@dataclass(frozen=True)
class Case:
    """One alignment: `objectives` are keys of rules.OBJECTIVES or own sentences, in prompt order."""

    objectives: tuple[str, ...]
    query: str
    answer: str

    @property
    def edit(self) -> str:
        return rules.apply(self.objectives, self.query, self.answer)

    @property
    def prompt(self) -> str:
        return rules.prompt(self.objectives, self.query, self.answer)


class Corpus:
    """A seeded stream of cases. `pieces` are strings for random copying (such as the tokens' texts).

    `stray_repeats`: how often an answer repeats sentences although Repetition is not chosen; `recurring`: how
    often random copying draws from few pieces; both make copying ambiguous, so they are hard. `occasion`: how
    often a chosen objective finds something to edit. `focus`: objectives of which one is chosen, with something
    to edit, in half of the cases.
    """

    def __init__(
        self,
        seed: int,
        held_out: bool = False,
        pieces: list[str] | None = None,
        stray_repeats: float = 0.2,
        recurring: float = 0.3,
        occasion: float = 0.5,
        focus: tuple[str, ...] = (),
    ):
        self.stray_repeats, self.recurring = stray_repeats, recurring
        self.occasion, self.focus = occasion, focus
        self.rng = random.Random(seed)
        self.held_out = held_out
        self.pieces = pieces
        self.drew_held_out = False
        lists = {
            "noun": lex.NOUNS, "verb": lex.VERBS, "adjective": lex.ADJECTIVES, "adverb": lex.ADVERBS,
            "place": lex.PLACES, "name": lex.NAMES, "common": lex.COMMON,
        }
        swapped = set()
        for table in (rules.READABILITY, rules.HONESTY, rules.SPECIFICITY):
            swapped |= set(rules.flat(table))
        swapped |= set(rules.LENGTH_WORDS) | set(rules.VAGUE_WORDS)
        self.words = {}
        for pos, words in lists.items():
            kept = words[: lex.FUNCTION_WORDS] if pos == "common" else []
            train, test = lex.split([w for w in words[len(kept) :] if w not in swapped])
            self.words[pos] = (kept + train, test)
        self.material = {
            "read": rules.pairs(rules.READABILITY), "honesty": rules.pairs(rules.HONESTY),
            "speci": rules.pairs(rules.SPECIFICITY),
        }

    # words ------------------------------------------------------------------------------------

    def pick(self, pos: str) -> str:
        rng, (train, test) = self.rng, self.words[pos]
        if rng.random() < 0.06:
            return self.invented() if pos not in ("place", "name") else self.invented().capitalize()
        if self.held_out and rng.random() < 0.4:
            self.drew_held_out = True
            return rng.choice(test)
        return rng.choice(train)

    def invented(self) -> str:
        """A word that exists nowhere; held-out corpora draw other syllables than training."""
        rng = self.rng
        heads, tails = ("bdfgklmnprst", "aeiou") if not self.held_out else ("bcdfghjklmnprstvwz", "aeiouy")
        word = "".join(rng.choice(heads) + rng.choice(tails) for _ in range(rng.randint(1, 3)))
        return word + rng.choice(["", "n", "r", "st", "l", "x", "ng", "th", "ck"])

    def slot(self, name: str, active: set[str]) -> str:
        rng = self.rng
        pos = {"n": "noun", "ns": "nouns", "v": "verb", "vs": "verbs", "ved": "past", "a": "adjective",
               "adv": "adverb", "q": "quantifier", "S": "subject", "O": "opener"}.get(name)
        if pos:
            options = [m[pos] for key, m in self.material.items() if key in active and pos in m]
            if options and rng.random() < 0.35:
                return rng.choice(rng.choice(options))[0]
        if name == "n":
            return self.pick("noun")
        if name == "ns":
            return lex.plural(self.pick("noun"))
        if name == "v":
            return self.pick("verb")
        if name == "vs":
            return lex.third_person(self.pick("verb"))
        if name == "ved":
            return lex.past(self.pick("verb"))
        if name == "a":
            return self.pick("adjective")
        if name == "adv":
            return self.pick("adverb")
        if name == "w":
            return self.pick("common")
        if name in ("place", "name"):
            return self.pick(name)
        if name == "q":
            return rng.choice(["some", "most", "several", "many", "few", "two", "nine", "all"])
        if name == "S":
            return rng.choice(["Someone", "Hardly anyone", "Many", "A visitor", "My aunt"])
        if name == "O":
            return rng.choice(["However", "Today", "In short", "Later", "For example", "By contrast", "At night"])
        if name == "i":
            return rng.choice(rules.LENGTH_WORDS) + " " if "len" in active and rng.random() < 0.6 else ""
        if name == "vague":
            return rng.choice(["somehow ", "somewhat ", "kind of ", "sort of "]) if "speci" in active else ""
        if name == "num":
            return str(rng.randint(2, 10 ** rng.randint(1, 6)))
        if name == "year":
            return str(rng.randint(1500, 2030))
        if name == "day":
            return rng.choice(DAYS)
        raise KeyError(name)

    def fill(self, frame: str, active: set[str]) -> str:
        parts = frame.split("{")
        text = parts[0]
        for part in parts[1:]:
            name, rest = part.split("}", 1)
            text += self.slot(name, active) + rest
        text = re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)
        return text[0].upper() + text[1:]

    def fresh(self, frame: str, active: set[str]) -> str:
        """A filled frame; in a held-out corpus one that holds a held-out word."""
        while True:
            self.drew_held_out = False
            text = self.fill(frame, active)
            if not self.held_out or self.drew_held_out:
                return text

    # sentences --------------------------------------------------------------------------------

    def odd(self) -> str:
        """Text that is not a sentence of a frame: code, lists of numbers, quotes, other scripts, noise."""
        rng = self.rng
        kind = rng.randrange(7)
        if kind == 0:
            return f'{self.invented()} = {self.pick("noun")}({rng.randint(0, 999)}, "{self.invented()}");'
        if kind == 1:
            return ", ".join(str(rng.randint(0, 10 ** rng.randint(1, 5))) for _ in range(rng.randint(2, 6))) + "."
        if kind == 2:
            return f'"{self.fresh(rng.choice(FRAMES[:14]), set())}" ({self.pick("name")}, {rng.randint(1900, 2030)}).'
        if kind == 3:
            return " ".join(rng.choice(ACCENTS) for _ in range(rng.randint(1, 4))) + "."
        if kind == 4:
            return "".join(rng.choice(string.printable[:94]) for _ in range(rng.randint(3, 12))) + "."
        if kind == 5:
            return f"https://{self.invented()}.{self.invented()}/{self.invented()}?{rng.randint(1, 99)}={self.invented()}."
        return " ".join(self.invented() for _ in range(rng.randint(3, 10))).capitalize() + "."

    def noise(self, low: int, high: int) -> str:
        """A run of random pieces, to be copied; often of a few that recur, so that copying must keep its place."""
        rng, length = self.rng, self.rng.randint(low, high)
        pool = self.pieces
        if rng.random() < self.recurring:
            pool = rng.sample(self.pieces, max(2, length // rng.randint(2, 3)))
        return "".join(rng.choices(pool, k=length)).strip()

    def sentence(self, active: set[str]) -> str:
        rng = self.rng
        if rng.random() < 0.07:
            return self.odd()
        if self.pieces and rng.random() < 0.06:
            return self.noise(3, 9) + "."
        if "factual" in active and rng.random() < 0.3:
            group = rng.choice(list(rules.FACTS.values()))
            lead, value = rng.choice(group)
            if rng.random() < 0.75:
                value = rng.choice([v for _, v in group if v != value])
            tail = rng.choice([".", ".", ", of course.", " and the {n} is {a}."])
            leads = [f for f in FACT_LEADS if "{" in f] if self.held_out else FACT_LEADS
            return self.fresh(f"{rng.choice(leads)} {lead} {value}{tail}", active)
        frames = HELD_OUT_FRAMES if self.held_out and rng.random() < 0.4 else FRAMES
        text = self.fresh(rng.choice(frames), active)
        if "speci" in active and rng.random() < 0.15 and text[-1] == ".":
            text = text[:-1] + rng.choice([" or something.", " or whatever.", " and so on."])
        return text

    def extra(self, kind: str, before: list[str]) -> str:
        """A whole sentence that objective `kind` drops."""
        rng = self.rng
        if kind == "repeat":
            return rng.choice(before)
        if kind == "len":
            return rng.choice(rules.FILLERS)
        if kind == "speci":
            return rng.choice(rules.VAGUE)
        insult = rng.choice(rules.INSULTS)
        return rng.choice([
            f"Only a {rng.choice(['real', 'total', 'complete', 'big'])} fool would "
            + rng.choice(["disagree.", "doubt this.", "think otherwise."]),
            f"Anyone who disagrees is {insult}.",
            f"People from {self.pick('place')} are {rng.choice(['', 'all '])}{insult}.",
            f"Critics of this are {insult} and {rng.choice(rules.INSULTS)}.",
            "There is no other side to this.",
            "Nobody sensible could ever see it differently.",
        ])

    # cases ------------------------------------------------------------------------------------

    def own(self) -> str:
        rng = self.rng
        return f"{self.pick('noun').capitalize()}: the response should {self.pick('verb')} " + rng.choice(
            ["the {a} {n}", "more {ns}", "a {n} {adv}", "its {ns} {adv}."]
        ).format(a=self.pick("adjective"), n=self.pick("noun"), ns=lex.plural(self.pick("noun")), adv=self.pick("adverb"))

    def objectives(self) -> tuple[str, ...]:
        rng, keys = self.rng, list(rules.OBJECTIVES)
        draw = rng.random()
        count = 10 if draw < 0.06 else rng.choices(range(1, 10), [30, 22, 16, 12, 8, 3, 2, 2, 1])[0]
        chosen = rng.sample(keys, count)
        if rng.random() < 0.5:  # the page sends them in its own order
            chosen.sort(key=keys.index)
        if rng.random() < 0.08:
            chosen.insert(rng.randint(0, len(chosen)), self.own())
            if rng.random() < 0.3:
                chosen = [chosen[-1]] if chosen[-1] not in keys else [self.own()]
        return tuple(chosen)

    def case(self, low: int = 1, high: int = 5, objectives: tuple[str, ...] | None = None, active: set[str] | None = None) -> Case:
        """A case with `low` to `high` content sentences. `active`: the objectives whose material the answer holds."""
        rng = self.rng
        chosen = objectives or self.objectives()
        focus = rng.choice(self.focus) if self.focus and not objectives and rng.random() < 0.5 else None
        if focus and focus not in chosen:
            chosen = (*chosen, focus) if rng.random() < 0.5 else (focus,)
        if active is None:
            stray = {"repeat": self.stray_repeats}
            active = {k for k in rules.OBJECTIVES if rng.random() < (self.occasion if k in chosen else stray.get(k, 0.2))}
            active |= {focus} - {None}
        query = self.fresh(rng.choice(QUERIES), set())
        ending = None
        if "instruction_following" in active:
            ending = rng.choice(ENDINGS) if rng.random() < 0.5 else self.fill(rng.choice(["{n} {n}.", "{w} {w} {n}.", "{name}!", "{a} {w}."]), set())
            query += f' End {rng.choice(["", "your answer "])}with "{ending}"'
        body: list[str] = []
        for _ in range(rng.randint(low, high)):
            body.append(self.sentence(active))
        for kind in ("repeat", "len", "speci", "fair"):
            if kind in active and rng.random() < 0.65:
                for _ in range(1 if rng.random() < 0.75 else 2):
                    at = len(body) if rng.random() < 0.3 else rng.randint(1, len(body))
                    body.insert(at, self.extra(kind, body[:at]))
        text = body[0]
        for sentence in body[1:]:
            text += rng.choices([" ", "\n", "\n\n", "\n- "], [92, 4, 3, 1])[0] + sentence
        if "truthfulness" in active and rng.random() < 0.15:
            text += " " + rules.CAVEAT
        if "helpfulness" in active and rng.random() < 0.15:
            text += " " + rules.OFFER
        if ending and rng.random() < 0.15:
            text += " " + ending
        if rng.random() < 0.03:
            text = text.rstrip(".!?")
        return Case(chosen, query, text)

    def copying(self, low: int, high: int) -> Case:
        """Random pieces under a random objective: nothing to do but copy (and add what is always added)."""
        return Case(self.objectives()[:2], self.noise(1, 3), self.noise(low, high))

    def repeating(self, low: int, high: int) -> Case:
        """`low` to `high` sentences of one to four random pieces, two in five of which stood before; the pieces are
        often few, so that sentences begin or end alike. Repetition is chosen in three of four cases."""
        rng = self.rng
        pool = rng.sample(self.pieces, rng.randint(3, 12)) if rng.random() < 0.5 else self.pieces
        body: list[str] = []
        for _ in range(rng.randint(low, high)):
            if body and rng.random() < 0.4:
                body.append(rng.choice(body))
            else:
                body.append("".join(rng.choices(pool, k=rng.randint(1, 4))).strip() + ".")
        chosen = ("repeat",) if rng.random() < 0.75 else self.objectives()[:2]
        return Case(chosen, self.noise(1, 3), " ".join(body))
