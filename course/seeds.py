"""Seeds: every stream of random numbers has a name, and begins at a distance of its own.

A run has one seed. Two streams that began alike would draw alike: the text that is rehearsed in SFT
would come back in PPO, a test would be answered with the very draws of the training. So each stream
adds its own number to the run's seed. These numbers are what the shipped models and the records
were made with: a new stream gets a new one, an old one keeps its own, or all is to be trained
again. Runs of neighbouring seeds must not meet either, so leave room after a number (a few of the
first ones below have little).

Some share a number. That is meant where one says so; it does no harm elsewhere, since the streams
feed different functions, which draw different things. Not here: seeds that are one number for all
runs, such as those of the tests and of the validation text, which stay next to what they are for.
"""

STREAMS = {
    # Lesson 02's trials
    "digits/pictures": 500,
    "digits/weights": 1_000,
    # SFT, and what else rehearses the same text, so as to differ in nothing but what it compares
    "sft/web": 1_000,
    "ways/web": 1_000,
    "epochs/web": 1_000,
    "epochs/unseen": 90,
    # FeedME
    "feedme/requests": 4_000,
    "feedme/answers": 40,
    "feedme/web": 3_000,  # the reward model's number, yet another model
    "shots": 5,  # worked examples of the headline, FeedME and the league: the same ones
    # The reward model
    "reward/requests": 500,
    "reward/web": 3_000,
    "reward/normalise": 700,
    "reward/test": 900,
    "backflip/judge": 100,
    # PPO
    "ppo/requests": 100_000,
    "ppo/web": 5_000,
    "ppo/test": 1,  # the models before it are tested with the run's own seed
    "prices/test": 890,
    # Reward hacking, and the repair
    "hacking/answers": 800,
    "hacking/honest": 840,
    "hacking/test": 850,
    "repair/requests": 600,
    "repair/answers": 60,
    # Chat
    "chat/dialogues": 40,
    "chat/demonstrations": 50,
    "chat/requests": 70,
    "chat/web": 2_000,
    "chat/talks": 20_000,
    # Lesson 09's picture
    "frontier/start": 910,
    "frontier/start-tuning": 920,
    "frontier/rival": 930,
    "frontier/test": 940,
    "frontier/tuning": 950,
    # The real model
    "smollm2_dpo/test": 960,
    "smollm2_ppo/test": 970,
    # GRPO on programs, which begins with a mini-code of its own
    "grpo/start": 60_000,
    "grpo/tasks": 61_000,
    # Live demos: apart from what made the shipped models
    "live/probe": 1,
    "live/probe-web": 4_000,
    "live/dialogues": 500,
    "live/dialogues-web": 2_500,
    "live/rankings": 40_000,
}

# Streams with numbered parts: parts of one run's stream lie side by side, those of runs far apart.
NUMBERED = {
    "web/chunk": 1_000_003,
    "ppo/rollout": 100_003,
    "grpo/rollout": 100_019,
    "smollm2_ppo/rollout": 100_043,
}


def stream(name: str, seed: int) -> int:
    """Return the seed of the stream `name` in the run with `seed`.

    Raises
    ------
    KeyError
        If there is no such stream.
    """
    return STREAMS[name] + seed


def numbered(name: str, seed: int, number: int) -> int:
    """Return the seed of part `number` (0, 1, 2 …) of the stream `name` in the run with `seed`.

    Raises
    ------
    KeyError
        If there is no such stream.
    """
    return NUMBERED[name] * seed + number
