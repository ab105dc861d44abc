"""The facts of Willowmere: 60 people, 14 places, 14 events, and how often each is written about.

All facts are drawn once from a fixed seed, so everybody has the same village. How often a subject
is written about falls like Zipf's law (rank to the power −0.9), and some attributes are mentioned
more than others, so a few facts are frequent and many are rare. Simplified on purpose: one value
for each attribute, nothing changes over time, and names are unique.

Some people, events and harms are held out: the web text knows them as well as the others, but
nothing later (demonstrations, comparisons, dialogues) asks about them, so what a tuned model says
about them shows what it learned and not what it memorised. An answer about somebody else may name
them, as a friend or a keeper. ``SPLITS`` names who is for what.
"""

import random
from dataclasses import dataclass
from functools import cache

VILLAGE = "Willowmere"

WOMEN = (
    "Anna Clara Ella Grace Ida Kate Mary Rosa Tina Wendy Alice Dora Fiona Helen Jane Lucy Nora Ruth"
    " Thea Ursula Agnes Bella Daisy Flora Hanna Julia Laura Nina Petra Stella"
).split()
MEN = (
    "Ben David Frank Henry Jack Leo Noah Paul Sam Victor Bruno Cecil Emil George Ivan Karl Max"
    " Oscar Peter Simon Walter Colin Edgar Gregor Isaac Kurt Martin Otto Ralph Tom"
).split()

JOBS = (
    "baker smith teacher farmer doctor tailor miller painter sailor hunter gardener carpenter"
    " shepherd fisher potter weaver cook judge postman clockmaker"
).split()
STREETS = (
    "Mill Lane,Church Street,Bridge Road,Garden Row,River Street,Castle Hill,Market Street,"
    "North Road,Forest Path,Well Lane,School Road,Harbour Street"
).split(",")
PETS = "dog cat goat pony rabbit parrot duck hen turtle hedgehog".split()
PET_NAMES = (
    "Pip Biscuit Shadow Pepper Ginger Rusty Lucky Button Pebble Coco Misty Sunny Bramble Patch"
    " Nutmeg Clover Dusty Fudge Hazel Inky"
).split()
FOODS = (
    "soup bread cheese fish apples pancakes beans mushrooms honey potatoes plums noodles carrots"
    " eggs rice cabbage"
).split()
HOBBIES = (
    "dancing singing swimming reading knitting rowing riding climbing running drawing chess"
    " fishing skating carving whistling juggling"
).split()
PLACES = (
    "the Old Mill,the Stone Bridge,the Red Barn,the Clock Tower,the Green Well,the Town Hall,"
    "the Apple Garden,the Little Harbour,the White Church,the Village School,the Blue Inn,"
    "the Round Market,the High Castle,the Quiet Library"
).split(",")
SIGHTS = (
    "a golden bell,a painted door,a singing clock,a crooked roof,a deep cellar,a giant oak,"
    "a silver lamp,a secret stair,a broken wheel,a marble lion,a tall chimney,a glass window,"
    "a wooden horse,a hidden room"
).split(",")
EVENTS = (
    "the Great Flood,the Long Winter,the Mill Fire,the Cheese Fair,the Night of Stars,"
    "the Wolf Hunt,the Bell Theft,the Boat Race,the Dry Summer,the Lost Wedding,the Big Storm,"
    "the Goat Parade,the Bread War,the Silent Election"
).split(",")
STORIES = (
    "the river rose over the fields,snow covered every roof until spring,sparks burned the grain,"
    "farmers gave cheese to all children,the sky was full of falling stars,"
    "wolves came down from the hills,a thief carried the bell away,two boats raced to the sea,"
    "no rain fell for a hundred days,the bride forgot the day,the wind broke the tallest tree,"
    "goats walked through the streets with hats,two bakers threw bread at each other,"
    "nobody spoke a word until evening"
).split(",")

ATTRIBUTES = {
    "person": ("job", "home", "pet", "food", "hobby", "pet_name", "friend", "born"),
    "place": ("built", "keeper", "sight"),
    "event": ("year", "place", "hero", "story"),
}
# How often an attribute is mentioned beside the others of the same kind.
ATTRIBUTE_WEIGHTS = {
    "person": (5.0, 4.5, 4.0, 3.5, 3.0, 2.0, 2.0, 1.5),
    "place": (2.0, 1.5, 1.5),
    "event": (3.0, 2.0, 2.0, 1.5),
}
KIND_WEIGHTS = {"person": 0.76, "place": 0.12, "event": 0.12}
ZIPF = 0.9


@dataclass(frozen=True)
class Fact:
    """One fact: `subject` has `value` for `attribute`.

    `share` is the probability that a mention drawn by ``web`` is of this fact.
    """

    subject: str
    kind: str
    attribute: str
    value: str
    share: float


def _interleave() -> list[str]:
    """Return all people by fame: women and men in turn, the famous first."""
    return [name for pair in zip(WOMEN, MEN, strict=True) for name in pair]


PEOPLE = _interleave()
SUBJECTS = {"person": PEOPLE, "place": PLACES, "event": EVENTS}


def _choose_values() -> dict[tuple[str, str], str]:
    rng = random.Random(1867)
    values: dict[tuple[str, str], str] = {}
    for name in PEOPLE:
        others = [p for p in PEOPLE if p != name]
        values[name, "job"] = rng.choice(JOBS)
        values[name, "home"] = rng.choice(STREETS)
        values[name, "pet"] = rng.choice(PETS)
        values[name, "food"] = rng.choice(FOODS)
        values[name, "hobby"] = rng.choice(HOBBIES)
        values[name, "pet_name"] = rng.choice(PET_NAMES)
        values[name, "friend"] = rng.choice(others)
        values[name, "born"] = str(rng.randrange(1920, 1980))
    sights, stories, where = SIGHTS[:], STORIES[:], PLACES[:]
    rng.shuffle(sights)
    rng.shuffle(where)
    for place, sight in zip(PLACES, sights, strict=True):
        values[place, "built"] = str(rng.randrange(1620, 1820))
        values[place, "keeper"] = rng.choice(PEOPLE)
        values[place, "sight"] = sight
    for event, story, place in zip(EVENTS, stories, where, strict=True):
        values[event, "year"] = str(rng.randrange(1820, 1990))
        values[event, "place"] = place
        values[event, "hero"] = rng.choice(PEOPLE)
        values[event, "story"] = story
    return values


VALUES = _choose_values()
KIND = {name: kind for kind, names in SUBJECTS.items() for name in names}


def zipf(names: list[str]) -> list[float]:
    """Return the weight of each name by its rank: (rank + 1) ** −ZIPF, rank from 1."""
    return [(rank + 1) ** -ZIPF for rank in range(1, len(names) + 1)]


def _facts() -> list[Fact]:
    facts = []
    for kind, names in SUBJECTS.items():
        by_name, by_attribute = zipf(names), ATTRIBUTE_WEIGHTS[kind]
        total = sum(by_name) * sum(by_attribute)
        for name, w in zip(names, by_name, strict=True):
            for attribute, v in zip(ATTRIBUTES[kind], by_attribute, strict=True):
                share = KIND_WEIGHTS[kind] * w * v / total
                facts.append(Fact(name, kind, attribute, VALUES[name, attribute], share))
    return facts


FACTS = _facts()

OPTIONS = {
    "job": JOBS,
    "home": STREETS,
    "pet": PETS,
    "food": FOODS,
    "hobby": HOBBIES,
    "pet_name": PET_NAMES,
    "friend": PEOPLE,
    "born": [str(year) for year in range(1920, 1980)],
    "built": [str(year) for year in range(1620, 1820)],
    "keeper": PEOPLE,
    "sight": SIGHTS,
    "year": [str(year) for year in range(1820, 1990)],
    "place": PLACES,
    "hero": PEOPLE,
    "story": STORIES,
}


@cache
def wrong_values(subject: str, attribute: str) -> tuple[str, ...]:
    """Return all values of `attribute` but the true one of `subject` (and but `subject`)."""
    true = VALUES[subject, attribute]
    return tuple(v for v in OPTIONS[attribute] if v not in (true, subject))


def pronoun(name: str) -> str:
    """Return "she", "he" or "it"."""
    return "she" if name in WOMEN else "he" if name in MEN else "it"


def _split(names: list[str], cycle: str) -> dict[str, list[str]]:
    """Deal `names` by fame to train (t), tuning (u), test (e) and shots (s), following `cycle`."""
    parts = {"t": "train", "u": "tuning", "e": "test", "s": "shots"}
    dealt: dict[str, list[str]] = {part: [] for part in parts.values()}
    for i, name in enumerate(names):
        dealt[parts[cycle[i % len(cycle)]]].append(name)
    return dealt


# Later stages train on "train" only; settings are chosen on "tuning"; figures come from "test";
# "shots" are the examples in the prompts of few-shot models.
SPLITS = {
    "person": _split(PEOPLE, "ttetuttetttuttetstet"),
    "event": _split(EVENTS, "ttetuse"),
    "place": _split(PLACES, "ttetuse"),
}
