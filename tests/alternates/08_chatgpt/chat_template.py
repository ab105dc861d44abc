# %% pairs
# Builds pairs of token and mask and takes them apart at the end.
def chat_template(messages, markers):
    forbidden = set(markers.values())
    pairs = []
    for role, content in messages:
        learned = 1 if role == "assistant" else 0
        pairs.append((markers[role], 0))
        pairs.extend((t, learned) for t in content if t not in forbidden)
        if learned:
            pairs.append((markers["end"], 1))
    if messages[-1][0] in ("user", "system"):
        pairs.append((markers["assistant"], 0))
    return [t for t, _ in pairs], tuple(m for _, m in pairs)


# %% mask by reading
# Writes the tokens first, and finds the mask by reading them, as in lesson 05.
def chat_template(messages, markers):
    tokens = []
    for role, content in messages:
        tokens.append(markers[role])
        for token in content:
            if token not in list(markers.values()):
                tokens.append(token)
        if role == "assistant":
            tokens.append(markers["end"])
    if messages[-1][0] != "assistant":
        tokens.append(markers["assistant"])
    mask, inside = [], False
    for token in tokens:
        mask.append(int(inside))
        if token == markers["assistant"]:
            inside = True
        elif token == markers["end"]:
            inside = False
    return tokens, mask
