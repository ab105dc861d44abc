# %% group, then choose
# All answers of a prompt first; max takes the first of equals.
def best_samples(samples, least):
    kept = []
    for prompt in dict.fromkeys(s["prompt"] for s in samples):
        own = [(np.mean(s["marks"]), s["answer"]) for s in samples
               if s["prompt"] == prompt and len(s["marks"]) > 0]
        if own:
            rating, answer = max(own, key=lambda pair: pair[0])
            if rating >= least:
                kept.append((prompt, answer))
    return kept


# %% sorted
# Sorts by rating, which keeps the order of equals, and takes the first of each prompt.
def best_samples(samples, least):
    order = list(dict.fromkeys(s["prompt"] for s in samples))
    rated = [(sum(s["marks"]) / len(s["marks"]), s) for s in samples if s["marks"]]
    rated.sort(key=lambda pair: pair[0], reverse=True)
    best = {}
    for rating, s in rated:
        if rating >= least and s["prompt"] not in best:
            best[s["prompt"]] = s["answer"]
    return [(prompt, best[prompt]) for prompt in order if prompt in best]


# %% pandas
# A table of the marked answers; idxmax gives the first of equals.
def best_samples(samples, least):
    import pandas as pd

    table = pd.DataFrame(samples, columns=["prompt", "answer", "marks"])
    order = table["prompt"].drop_duplicates().tolist()
    table = table.loc[table["marks"].str.len() > 0].copy()
    table["rating"] = [sum(marks) / len(marks) for marks in table["marks"]]
    table = table[table["rating"] >= least]
    if table.empty:
        return []
    best = table.loc[table.groupby("prompt")["rating"].idxmax()].set_index("prompt")["answer"]
    return [(prompt, best[prompt]) for prompt in order if prompt in best.index]


# %% one reduction for each prompt
# Ratings as exact fractions; the better of two answers, from left to right.
def best_samples(samples, least):
    from fractions import Fraction
    from functools import reduce

    by_prompt = {}
    for s in samples:
        by_prompt.setdefault(s["prompt"], [])
        if n := len(s["marks"]):
            by_prompt[s["prompt"]].append((Fraction(sum(s["marks"]), n), s["answer"]))
    best = {
        prompt: reduce(lambda old, new: new if new[0] > old[0] else old, rated)
        for prompt, rated in by_prompt.items()
        if rated
    }
    return [(prompt, answer) for prompt, (rating, answer) in best.items() if rating >= least]
