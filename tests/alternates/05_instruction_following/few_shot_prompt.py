# %% choose, then write
# Two steps: numbers of the chosen shots, then the lines from the last chosen one to the best.
def few_shot_prompt(shots, question, tokens, window, reserve):
    used, chosen = tokens + reserve, []
    for shot in shots:
        if used + shot[2] > window:
            continue
        used += shot[2]
        chosen.insert(0, shot)
    lines = [line for q, a, _ in chosen for line in ("Question: " + q, "Answer: " + a)]
    return "\n".join([*lines, "Question: " + question, "Answer:"])
