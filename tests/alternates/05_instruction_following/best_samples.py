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
