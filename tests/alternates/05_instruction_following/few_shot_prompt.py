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


# %% line by line from the end
# Puts lines before what is there, in a queue that is filled from its left end.
def few_shot_prompt(shots, question, tokens, window, reserve):
    from collections import deque

    left, lines = window - reserve - tokens, deque([f"Question: {question}", "Answer:"])
    for asked, answer, need in shots:
        if left - need >= 0:
            lines.extendleft([f"Answer: {answer}", f"Question: {asked}"])
            left -= need
    return "\n".join(lines)


# %% by recursion
# The best shot that fits, after the prompt of the remaining shots in the remaining window.
def few_shot_prompt(shots, question, tokens, window, reserve):
    def before(number, room):
        if number == len(shots):
            return ""
        asked, answer, need = shots[number]
        if need > room:
            return before(number + 1, room)
        return before(number + 1, room - need) + f"Question: {asked}\nAnswer: {answer}\n"

    return before(0, window - reserve - tokens) + f"Question: {question}\nAnswer:"


# %% a generator and a stack
# Yields the shots that fit, and takes their lines from the top of a stack.
def few_shot_prompt(shots, question, tokens, window, reserve):
    def fitting():
        used = reserve + tokens
        for *lines, cost in shots:
            if used + cost <= window:
                used += cost
                yield "Question: {}\nAnswer: {}\n".format(*lines)

    stack, text = list(fitting()), ""
    while stack:
        text += stack.pop()
    return text + "Question: " + question + "\nAnswer:"
