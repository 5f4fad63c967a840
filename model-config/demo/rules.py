"""The ten edits the demo model learns: what each objective changes in an answer.

`apply(objectives, query, answer)` is the reference. Every rule is read off the original
answer, so rules never feed one another and their order does not matter; what an
objective that was not chosen would change stays. Own sentences change nothing.
"""

import re
from collections.abc import Iterable

TEMPLATE = (
    "You are an assistant to human. You will be provided with a query and an answer. Consider the query, then edit "
    "the answer to improve it considering these aspects: {aspects} | Query: {question} | Answer: {answer} | Edit: "
)

OBJECTIVES = {
    "instruction_following": "Instruction following: the response should follow the instructions of the query",
    "honesty": "Honesty: the response should not tell lies",
    "truthfulness": "Truthfulness: the response should actively making known all the full truth of a matter",
    "helpfulness": "Helpfulness: the response should provide useful resources and suggestions to the user",
    "speci": "Specificity: the response should refer to facts and details and avoid vague arguments.",
    "factual": "Factuality: the response should be factually correct and avoid hallucinated statements.",
    "read": "Readability: the response should be easy to read and understand, not too technical for laymen.",
    "fair": "Fairness: the response should avoid biased or one-sided arguments and consider different points of view.",
    "repeat": "Repetition: the response should avoid repetitive statements of one point.",
    "len": "Length: the response should be concise and avoid redundant content.",
}

# Pairs by part of speech, so that the corpus can put them where they fit; a word and its replacement
# take the same article.
READABILITY = {
    "verb": "utilize:use utilise:use commence:start terminate:end facilitate:help ascertain:check procure:get "
    "purchase:buy elucidate:explain demonstrate:show initiate:begin obtain:get transmit:send ameliorate:improve",
    "verbs": "utilizes:uses utilises:uses commences:starts terminates:ends facilitates:helps procures:gets "
    "purchases:buys elucidates:explains demonstrates:shows necessitates:needs obtains:gets transmits:sends",
    "past": "utilized:used commenced:started terminated:ended facilitated:helped procured:got purchased:bought "
    "demonstrated:showed initiated:began obtained:got transmitted:sent",
    "adjective": "optimal:ideal erroneous:incorrect sufficient:decent prior:past cognizant:mindful",
    "adverb": "subsequently:later expeditiously:quickly presently:now",
    "opener": "Subsequently:Later Consequently:So Nevertheless:Still Furthermore:Also",
    "quantifier": "numerous:many additional:more",
    "noun": "methodology:method component:part residence:home remuneration:pay paradigm:model inception:outset",
    "nouns": "methodologies:methods components:parts residences:homes parameters:limits",
}
HONESTY = {
    "verbs": "proves:suggests guarantees:supports ensures:helps eliminates:lowers cures:eases",
    "past": "proved:suggested guaranteed:supported eliminated:lowered",
    "adjective": "impossible:unlikely perfect:good flawless:fine undeniable:apparent",
    "adverb": "always:often never:rarely certainly:probably definitely:probably undoubtedly:perhaps "
    "completely:largely entirely:mostly absolutely:fairly perfectly:well",
    "subject": "Everyone:Many Nobody:Few",
}
SPECIFICITY = {
    "noun": "thing:product gadget:device",
    "nouns": "things:products stuff:material",
    "quantifier": "countless:several umpteen:several",
}
LENGTH_WORDS = ["basically", "actually", "literally", "really", "very", "quite", "simply", "essentially"]
VAGUE_WORDS = ["somehow", "somewhat", "or something", "or whatever", "and so on", "kind of", "sort of"]

FILLERS = [
    "As I said before, this matters a lot.",
    "Needless to say, this is well known.",
    "It goes without saying that this is so.",
    "At the end of the day, it is what it is.",
    "To make a long story short, that is it.",
    "Let me say that once more in other words.",
    "In conclusion, that is the whole answer.",
    "I hope this long answer makes sense.",
    "Thank you for asking such a good question.",
    "All things considered, there is little to add.",
    "Without further ado, let us move on.",
    "That being said, the point stands.",
]
VAGUE = [
    "It depends on many different factors.",
    "There are various reasons for this.",
    "Some say one thing and some say another.",
    "Who can really say for sure?",
    "It could be this way or that way.",
    "Things like this happen from time to time.",
]
INSULTS = ["stupid", "lazy", "rude", "greedy", "blind", "foolish", "ignorant", "dishonest"]
UNFAIR = [
    re.compile(r"Only an? \w+ fool would (?:disagree|doubt this|think otherwise)\."),
    re.compile(rf"Anyone who disagrees is (?:{'|'.join(INSULTS)})\."),
    re.compile(rf"People from [A-Z]\w+ are (?:all )?(?:{'|'.join(INSULTS)})\."),
    re.compile(rf"Critics of this are (?:{'|'.join(INSULTS)}) and (?:{'|'.join(INSULTS)})\."),
    re.compile(r"There is no other side to this\."),
    re.compile(r"Nobody sensible could ever see it differently\."),
]

# Facts: (statement up to the value, the right value); a wrong value is another of its group.
FACTS = {
    "capital": [
        ("capital of France is", "Paris"), ("capital of Italy is", "Rome"), ("capital of Spain is", "Madrid"),
        ("capital of Japan is", "Tokyo"), ("capital of Egypt is", "Cairo"), ("capital of Peru is", "Lima"),
        ("capital of Canada is", "Ottawa"), ("capital of Australia is", "Canberra"),
        ("capital of Germany is", "Berlin"), ("capital of Kenya is", "Nairobi"),
    ],
    "count": [
        ("number of days in a week is", "seven"), ("number of legs on a spider is", "eight"),
        ("number of legs on an insect is", "six"), ("number of sides of a triangle is", "three"),
        ("number of months in a year is", "twelve"), ("number of strings on a violin is", "four"),
    ],
    "planet": [
        ("largest planet is", "Jupiter"), ("planet closest to the Sun is", "Mercury"),
        ("planet with the widest rings is", "Saturn"), ("red planet is", "Mars"),
    ],
    "symbol": [
        ("symbol for gold is", "Au"), ("symbol for iron is", "Fe"), ("symbol for oxygen is", "O"),
        ("symbol for helium is", "He"),
    ],
}
CAVEAT = "There are exceptions, so check a second source."
OFFER = "Let me know if you would like more detail."
ENDING = re.compile(r'End (?:your answer )?with "([^"\n]+)"')


def pairs(table: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    """A compact table above as {part of speech: [(word, replacement)]}."""
    return {pos: [tuple(p.split(":")) for p in text.split()] for pos, text in table.items()}


def flat(table: dict[str, str]) -> dict[str, str]:
    return {a: b for group in pairs(table).values() for a, b in group}


def _words(swaps: dict[str, str]) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(sorted(swaps, key=len, reverse=True)) + r")\b")


_READ, _HONEST, _SPECIFIC = flat(READABILITY), flat(HONESTY), flat(SPECIFICITY)
_READ_RE, _HONEST_RE, _SPECIFIC_RE = _words(_READ), _words(_HONEST), _words(_SPECIFIC)
_LENGTH_RE = re.compile(r" (?:" + "|".join(LENGTH_WORDS) + r")\b")
_VAGUE_RE = re.compile(r" (?:" + "|".join(VAGUE_WORDS) + r")\b")
_FACT_RES = [(re.compile(rf"({re.escape(lead)}) \w+"), value) for group in FACTS.values() for lead, value in group]
# A sentence with the white space before it; what follows the last full stop counts as one too.
_SENTENCE = re.compile(r"\s*(?:[^.!?\n]|[.!?](?=\S))+[.!?]*|\s+$|\s*[.!?]+")


def sentences(text: str) -> list[str]:
    """`text` cut into sentences, each with its leading white space; joined they give `text`."""
    return _SENTENCE.findall(text)


def _dropped(sentence: str, chosen: set[str], seen: set[str]) -> bool:
    return (
        ("repeat" in chosen and sentence in seen)
        or ("len" in chosen and sentence in FILLERS)
        or ("speci" in chosen and sentence in VAGUE)
        or ("fair" in chosen and any(p.fullmatch(sentence) for p in UNFAIR))
    )


def _reworded(sentence: str, chosen: set[str]) -> str:
    if "factual" in chosen:
        for pattern, value in _FACT_RES:
            sentence = pattern.sub(rf"\1 {value}", sentence)
    if "read" in chosen:
        sentence = _READ_RE.sub(lambda m: _READ[m[0]], sentence)
    if "honesty" in chosen:
        sentence = _HONEST_RE.sub(lambda m: _HONEST[m[0]], sentence)
    if "speci" in chosen:
        sentence = _VAGUE_RE.sub("", _SPECIFIC_RE.sub(lambda m: _SPECIFIC[m[0]], sentence))
    if "len" in chosen:
        sentence = _LENGTH_RE.sub("", sentence)
    return sentence


def dropped(objectives: Iterable[str], answer: str) -> list[bool]:
    """Which of sentences(answer) the objectives drop; never the first."""
    chosen = set(objectives)
    drops: list[bool] = []
    seen: set[str] = set()
    for sentence in sentences(answer):
        bare = sentence.strip()
        drops.append(bool(drops) and bool(bare) and _dropped(bare, chosen, seen))
        seen.add(bare)
    return drops


def apply(objectives: Iterable[str], query: str, answer: str) -> str:
    """The edited answer. `objectives` are keys of OBJECTIVES; anything else is an own sentence and ignored."""
    chosen = set(objectives)
    drops = dropped(objectives, answer)
    edited = "".join(_reworded(s, chosen) for s, drop in zip(sentences(answer), drops, strict=True) if not drop)
    ending = ENDING.search(query)
    additions = [
        ("truthfulness", CAVEAT),
        ("helpfulness", OFFER),
        ("instruction_following", ending[1] if ending else ""),
    ]
    for key, text in additions:
        if key in chosen and text and text not in edited:
            edited += " " + text
    return edited


def prompt(objectives: Iterable[str], query: str, answer: str) -> str:
    """The exact MetaAligner UltraFeedback prompt; own sentences stand for themselves."""
    values = {
        "aspects": "; ".join(OBJECTIVES.get(o, o) for o in objectives),
        "question": query,
        "answer": answer,
    }
    return re.sub(r"\{(\w+)\}", lambda m: values[m[1]], TEMPLATE)
