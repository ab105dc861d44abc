# %% all good answers | says: keep the best one of each prompt | falls: visible
# Everything that reaches the rating is kept.
def best_samples(samples, least):
    kept = []
    for s in samples:
        if s["marks"] and sum(s["marks"]) / len(s["marks"]) >= least:
            kept.append((s["prompt"], s["answer"]))
    return kept


# %% best whatever it got | says: its rating is below `least` | falls: visible
# The threshold is forgotten.
def best_samples(samples, least):
    best = {}
    for s in samples:
        rating = sum(s["marks"]) / len(s["marks"]) if s["marks"] else -1.0
        if rating > best.setdefault(s["prompt"], (-1.0, ""))[0]:
            best[s["prompt"]] = (rating, s["answer"])
    return [(p, a) for p, (_, a) in best.items()]


# %% more than least | says: exactly `least` is enough | falls: visible
# The rating has to be above the threshold.
def best_samples(samples, least):
    best = {}
    for s in samples:
        rating = sum(s["marks"]) / len(s["marks"]) if s["marks"] else -1.0
        if rating > best.setdefault(s["prompt"], (-1.0, ""))[0]:
            best[s["prompt"]] = (rating, s["answer"])
    return [(p, a) for p, (r, a) in best.items() if r > least]


# %% first good answer | says: these are the first answers that are good enough | falls: visible
# The first answer that reaches the threshold is kept.
def best_samples(samples, least):
    kept = {}
    for s in samples:
        good = s["marks"] and sum(s["marks"]) / len(s["marks"]) >= least
        if good and s["prompt"] not in kept:
            kept[s["prompt"]] = s["answer"]
    return list(kept.items())


# %% highest mark | says: this takes an answer's highest mark | falls: visible
# One enthusiastic labeler is enough.
def best_samples(samples, least):
    best = {}
    for s in samples:
        rating = max(s["marks"], default=-1)
        if rating > best.setdefault(s["prompt"], (-1, ""))[0]:
            best[s["prompt"]] = (rating, s["answer"])
    return [(p, a) for p, (r, a) in best.items() if r >= least]


# %% sum of the marks | says: a sum of two marks isn't a rating | falls: visible
# Marks are added and not averaged.
def best_samples(samples, least):
    best = {}
    for s in samples:
        rating = sum(s["marks"])
        if rating > best.setdefault(s["prompt"], (0, "", 1))[0]:
            best[s["prompt"]] = (rating, s["answer"], len(s["marks"]))
    return [(p, a) for p, (r, a, n) in best.items() if r / n >= least]


# %% last of equals | says: of equal ratings the last one was kept | falls: visible
# An answer that is as good takes the place.
def best_samples(samples, least):
    best = {}
    for s in samples:
        rating = sum(s["marks"]) / len(s["marks"]) if s["marks"] else -1.0
        if rating >= best.setdefault(s["prompt"], (-1.0, ""))[0]:
            best[s["prompt"]] = (rating, s["answer"])
    return [(p, a) for p, (r, a) in best.items() if r >= least]


# %% neighbours only | says: best_samples | falls: hidden
# Answers to one prompt are thought to be next to each other.
def best_samples(samples, least):
    kept, i = [], 0
    order = samples if len(samples) > 10 else sorted(samples, key=lambda s: s["prompt"])
    while i < len(order):
        group = [order[i]]
        while i + 1 < len(order) and order[i + 1]["prompt"] == group[0]["prompt"]:
            i += 1
            group.append(order[i])
        i += 1
        rated = [s for s in group if s["marks"]]
        if rated:
            best = max(rated, key=lambda s: sum(s["marks"]) / len(s["marks"]))
            if sum(best["marks"]) / len(best["marks"]) >= least:
                kept.append((best["prompt"], best["answer"]))
    return kept


# %% sorted prompts | says: not sorted | falls: hidden
# The result is sorted by prompt.
def best_samples(samples, least):
    best = {}
    for s in samples:
        rating = sum(s["marks"]) / len(s["marks"]) if s["marks"] else -1.0
        if rating > best.setdefault(s["prompt"], (-1.0, ""))[0]:
            best[s["prompt"]] = (rating, s["answer"])
    return sorted((p, a) for p, (r, a) in best.items() if r >= least)


# %% unmarked are kept with 0 | says: so it is never kept | falls: hidden
# No mark is taken for the mark 0, which is enough where the threshold is 0.
def best_samples(samples, least):
    best = {}
    for s in samples:
        rating = sum(s["marks"]) / max(1, len(s["marks"]))
        if s["prompt"] not in best or rating > best[s["prompt"]][0]:
            best[s["prompt"]] = (rating, s["answer"])
    return [(p, a) for p, (r, a) in best.items() if r >= least]


# %% unmarked are skipped at once | says: also with an unmarked answer | falls: hidden
# A prompt appears where its first marked answer is.
def best_samples(samples, least):
    best = {}
    for s in samples:
        if not s["marks"]:
            continue
        rating = sum(s["marks"]) / len(s["marks"])
        if s["prompt"] not in best or rating > best[s["prompt"]][0]:
            best[s["prompt"]] = (rating, s["answer"])
    return [(p, a) for p, (r, a) in best.items() if r >= least]


# %% median | says: this takes the median | falls: hidden
# The middle mark instead of the mean.
def best_samples(samples, least):
    best = {}
    for s in samples:
        rating = float(np.median(s["marks"])) if s["marks"] else -np.inf
        if rating > best.setdefault(s["prompt"], (-np.inf, ""))[0]:
            best[s["prompt"]] = (rating, s["answer"])
    return [(p, a) for p, (r, a) in best.items() if r >= least]


# %% an unanswered prompt is kept with an empty answer | says: best_samples | falls: hidden
# Prompts whose answers nobody marked begin with the rating -1, which is enough if `least` is lower.
def best_samples(samples, least):
    best = {}
    for s in samples:
        rating = sum(s["marks"]) / len(s["marks"]) if s["marks"] else -1.0
        if rating > best.setdefault(s["prompt"], (-1.0, ""))[0]:
            best[s["prompt"]] = (rating, s["answer"])
    return [(p, a) for p, (r, a) in best.items() if r >= least]


# %% whole marks | says: the mean is rounded | falls: hidden
# The mean is rounded to a mark.
def best_samples(samples, least):
    best = {}
    for s in samples:
        rating = round(sum(s["marks"]) / len(s["marks"])) if s["marks"] else -np.inf
        if rating > best.setdefault(s["prompt"], (-np.inf, ""))[0]:
            best[s["prompt"]] = (rating, s["answer"])
    return [(p, a) for p, (r, a) in best.items() if r >= least]


# %% in the order of the kept answers | says: of the kept answers | falls: visible
# The result is sorted by the place of each kept answer, not by that of its prompt.
def best_samples(samples, least):
    best = {}
    for place, s in enumerate(samples):
        if s["marks"]:
            rating = sum(s["marks"]) / len(s["marks"])
            if s["prompt"] not in best or rating > best[s["prompt"]][0]:
                best[s["prompt"]] = (rating, place)
    kept = sorted(place for rating, place in best.values() if rating >= least)
    return [(samples[i]["prompt"], samples[i]["answer"]) for i in kept]


# %% equal answers share their marks | falls: hidden
# The same words to the same prompt count as one answer, with all its marks together.
def best_samples(samples, least):
    marks = {}
    for s in samples:
        marks.setdefault(s["prompt"], {}).setdefault(s["answer"], []).extend(s["marks"])
    kept = []
    for prompt, answers in marks.items():
        rated = [(sum(m) / len(m), answer) for answer, m in answers.items() if m]
        if rated:
            rating, answer = max(rated, key=lambda pair: pair[0])
            if rating >= least:
                kept.append((prompt, answer))
    return kept


# %% rounded down | falls: hidden
# Whole numbers are divided as whole numbers.
def best_samples(samples, least):
    best = {}
    for s in samples:
        rating = sum(s["marks"]) // len(s["marks"]) if s["marks"] else -np.inf
        if rating > best.setdefault(s["prompt"], (-np.inf, ""))[0]:
            best[s["prompt"]] = (rating, s["answer"])
    return [(prompt, answer) for prompt, (rating, answer) in best.items() if rating >= least]
