# %% best first | says: it belongs last, next to the question | falls: visible
# The prompt is written in the order of the list.
def few_shot_prompt(shots, question, tokens, window, reserve):
    room, text = window - reserve - tokens, ""
    for asked, answer, cost in shots:
        if cost <= room:
            text += f"Question: {asked}\nAnswer: {answer}\n"
            room -= cost
    return text + f"Question: {question}\nAnswer:"


# %% space at the end | says: nothing follows it | falls: visible
# The gap for the answer gets the space that follows the other "Answer:".
def few_shot_prompt(shots, question, tokens, window, reserve):
    prompt, room = f"Question: {question}\nAnswer: ", window - reserve - tokens
    for asked, answer, cost in shots:
        if cost <= room:
            prompt = f"Question: {asked}\nAnswer: {answer}\n" + prompt
            room -= cost
    return prompt


# %% new line at the end | says: the answer belongs on that very line | falls: visible
# Every line is closed, also the one that the model is to continue.
def few_shot_prompt(shots, question, tokens, window, reserve):
    prompt, room = f"Question: {question}\nAnswer:\n", window - reserve - tokens
    for asked, answer, cost in shots:
        if cost <= room:
            prompt = f"Question: {asked}\nAnswer: {answer}\n" + prompt
            room -= cost
    return prompt


# %% no room for the answer | says: subtract `reserve` | falls: visible
# The window is filled to the brim, and nothing can be written any more.
def few_shot_prompt(shots, question, tokens, window, reserve):
    prompt, room = f"Question: {question}\nAnswer:", window - tokens
    for asked, answer, cost in shots:
        if cost <= room:
            prompt = f"Question: {asked}\nAnswer: {answer}\n" + prompt
            room -= cost
    return prompt


# %% the question costs nothing | says: the question takes room too | falls: visible
# Only the shots and the answer are counted.
def few_shot_prompt(shots, question, tokens, window, reserve):
    prompt, room = f"Question: {question}\nAnswer:", window - reserve
    for asked, answer, cost in shots:
        if cost <= room:
            prompt = f"Question: {asked}\nAnswer: {answer}\n" + prompt
            room -= cost
    return prompt


# %% the first that doesn't fit ends it | says: pass over it and go on | falls: visible
# The search stops where a shot is too long.
def few_shot_prompt(shots, question, tokens, window, reserve):
    prompt, room = f"Question: {question}\nAnswer:", window - reserve - tokens
    for asked, answer, cost in shots:
        if cost > room:
            break
        prompt = f"Question: {asked}\nAnswer: {answer}\n" + prompt
        room -= cost
    return prompt


# %% an exact fit is left out | says: fills the room exactly fits too | falls: visible
# "Fits" is taken as "is smaller than the room".
def few_shot_prompt(shots, question, tokens, window, reserve):
    prompt, room = f"Question: {question}\nAnswer:", window - reserve - tokens
    for asked, answer, cost in shots:
        if cost < room:
            prompt = f"Question: {asked}\nAnswer: {answer}\n" + prompt
            room -= cost
    return prompt


# %% each shot alone | says: make the room smaller | falls: visible
# Each shot is compared with the whole room.
def few_shot_prompt(shots, question, tokens, window, reserve):
    prompt, room = f"Question: {question}\nAnswer:", window - reserve - tokens
    for asked, answer, cost in shots:
        if cost <= room:
            prompt = f"Question: {asked}\nAnswer: {answer}\n" + prompt
    return prompt


# %% the shortest first | says: the shortest shots are taken | falls: visible
# As many shots as possible are taken, the shortest first.
def few_shot_prompt(shots, question, tokens, window, reserve):
    room, taken = window - reserve - tokens, []
    for i in sorted(range(len(shots)), key=lambda i: shots[i][2]):
        if shots[i][2] <= room:
            taken.append(i)
            room -= shots[i][2]
    lines = [f"Question: {shots[i][0]}\nAnswer: {shots[i][1]}\n" for i in sorted(taken)[::-1]]
    return "".join(lines) + f"Question: {question}\nAnswer:"


# %% as full as can be | says: the room is filled as full as can be | falls: hidden
# Of all choices the one that leaves the least room is taken, whatever the order of the list.
def few_shot_prompt(shots, question, tokens, window, reserve):
    from itertools import combinations

    room, best = window - reserve - tokens, ()
    for size in range(1, len(shots) + 1):
        for some in combinations(shots, size):
            if sum(s[2] for s in best) < sum(s[2] for s in some) <= room:
                best = some
    lines = [f"Question: {q}\nAnswer: {a}\n" for q, a, _ in best[::-1]]
    return "".join(lines) + f"Question: {question}\nAnswer:"


# %% no room is all room | says: the question alone is longer than the room | falls: visible
# A negative room is taken for its size.
def few_shot_prompt(shots, question, tokens, window, reserve):
    prompt, room = f"Question: {question}\nAnswer:", abs(window - reserve - tokens) + (
        1000 if window < reserve + tokens else 0
    )
    for asked, answer, cost in shots:
        if cost <= room:
            prompt = f"Question: {asked}\nAnswer: {answer}\n" + prompt
            room -= cost
    return prompt


# %% doubles are left out | says: few_shot_prompt | falls: hidden
# Shots are kept in a dictionary by their question, so of two with the same one only one is left.
def few_shot_prompt(shots, question, tokens, window, reserve):
    room, taken = window - reserve - tokens, {}
    for asked, answer, cost in shots:
        if cost <= room:
            taken[asked] = answer
            room -= cost
    lines = [f"Question: {q}\nAnswer: {a}\n" for q, a in reversed(taken.items())]
    return "".join(lines) + f"Question: {question}\nAnswer:"


# %% texts are tidied up | says: few_shot_prompt | falls: hidden
# Spaces at the ends of questions and answers are taken away.
def few_shot_prompt(shots, question, tokens, window, reserve):
    prompt, room = f"Question: {question.strip()}\nAnswer:", window - reserve - tokens
    for asked, answer, cost in shots:
        if cost <= room:
            prompt = f"Question: {asked.strip()}\nAnswer: {answer.strip()}\n" + prompt
            room -= cost
    return prompt


# %% letters are counted | says: the number of tokens comes with each shot | falls: visible
# The room is filled by the length of the texts.
def few_shot_prompt(shots, question, tokens, window, reserve):
    prompt = f"Question: {question}\nAnswer:"
    room = window - reserve - tokens
    for asked, answer, _ in shots:
        if len(asked) + len(answer) <= room:
            prompt = f"Question: {asked}\nAnswer: {answer}\n" + prompt
            room -= len(asked) + len(answer)
    return prompt


# %% texts are taken for templates | falls: hidden
# The question is put in last, by format, which trips over a brace in a shot.
def few_shot_prompt(shots, question, tokens, window, reserve):
    prompt = "Question: {question}\nAnswer:"
    room = window - reserve - tokens
    for asked, answer, cost in shots:
        if cost <= room:
            prompt = f"Question: {asked}\nAnswer: {answer}\n" + prompt
            room -= cost
    return prompt.format(question=question)
