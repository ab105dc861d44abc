# %% end behind every message | says: an end stands behind questions too | falls: visible
# Every message is closed, as if the person had to learn to stop, too.
def chat_template(messages, markers):
    tokens, mask = [], []
    for role, content in messages:
        said = [t for t in content if t not in markers.values()] + [markers["end"]]
        tokens += [markers[role], *said]
        mask += [0] + [int(role == "assistant")] * len(said)
    if messages[-1][0] != "assistant":
        tokens.append(markers["assistant"])
        mask.append(0)
    return tokens, mask


# %% no marker for the model's turn | says: it is the model's turn | falls: visible
# The conversation ends with what was said; nothing asks for an answer.
def chat_template(messages, markers):
    tokens, mask = [], []
    for role, content in messages:
        said = [t for t in content if t not in markers.values()]
        if role == "assistant":
            said.append(markers["end"])
        tokens += [markers[role], *said]
        mask += [0] + [int(role == "assistant")] * len(said)
    return tokens, mask


# %% marker at every end | says: so it isn't the model's turn | falls: visible
# The assistant's marker is added behind a finished conversation, too.
def chat_template(messages, markers):
    tokens, mask = [], []
    for role, content in messages:
        said = [t for t in content if t not in markers.values()]
        if role == "assistant":
            said.append(markers["end"])
        tokens += [markers[role], *said]
        mask += [0] + [int(role == "assistant")] * len(said)
    return [*tokens, markers["assistant"]], [*mask, 0]


# %% last answer only | says: only the last answer is marked | falls: visible
# The conversation is taken for a long question with one answer.
def chat_template(messages, markers):
    tokens, mask = [], []
    for i, (role, content) in enumerate(messages):
        said = [t for t in content if t not in markers.values()]
        if role == "assistant":
            said.append(markers["end"])
        tokens += [markers[role], *said]
        mask += [0] + [int(i == len(messages) - 1 and role == "assistant")] * len(said)
    if messages[-1][0] != "assistant":
        tokens.append(markers["assistant"])
        mask.append(0)
    return tokens, mask


# %% end not learned | says: the ends aren't marked | falls: visible
# The end is taken for a part of the form, which the program writes.
def chat_template(messages, markers):
    tokens, mask = [], []
    for role, content in messages:
        said = [t for t in content if t not in markers.values()]
        tokens += [markers[role], *said]
        mask += [0] + [int(role == "assistant")] * len(said)
        if role == "assistant":
            tokens.append(markers["end"])
            mask.append(0)
    if messages[-1][0] != "assistant":
        tokens.append(markers["assistant"])
        mask.append(0)
    return tokens, mask


# %% marker learned | says: the assistant's marker is marked | falls: visible
# Everything that belongs to the assistant's message is marked, its marker too.
def chat_template(messages, markers):
    tokens, mask = [], []
    for role, content in messages:
        said = [markers[role], *(t for t in content if t not in markers.values())]
        if role == "assistant":
            said.append(markers["end"])
        tokens += said
        mask += [int(role == "assistant")] * len(said)
    if messages[-1][0] != "assistant":
        tokens.append(markers["assistant"])
        mask.append(0)
    return tokens, mask


# %% typed markers pass | says: a marker inside a content is still there | falls: hidden
# Contents are trusted: who types the assistant's marker speaks for the model.
def chat_template(messages, markers):
    tokens, mask = [], []
    for role, content in messages:
        said = list(content)
        if role == "assistant":
            said.append(markers["end"])
        tokens += [markers[role], *said]
        mask += [0] + [int(role == "assistant")] * len(said)
    if messages[-1][0] != "assistant":
        tokens.append(markers["assistant"])
        mask.append(0)
    return tokens, mask


# %% only the assistant's marker is taken out | says: only the assistant's marker is left out | falls: hidden
# The most dangerous marker is removed, the others pass.
def chat_template(messages, markers):
    tokens, mask = [], []
    for role, content in messages:
        said = [t for t in content if t != markers["assistant"]]
        if role == "assistant":
            said.append(markers["end"])
        tokens += [markers[role], *said]
        mask += [0] + [int(role == "assistant")] * len(said)
    if messages[-1][0] != "assistant":
        tokens.append(markers["assistant"])
        mask.append(0)
    return tokens, mask


# %% system line learned | says: the system line is marked | falls: hidden
# Everything is marked that the person didn't say.
def chat_template(messages, markers):
    tokens, mask = [], []
    for role, content in messages:
        said = [t for t in content if t not in markers.values()]
        if role == "assistant":
            said.append(markers["end"])
        tokens += [markers[role], *said]
        mask += [0] + [int(role != "user")] * len(said)
    if messages[-1][0] != "assistant":
        tokens.append(markers["assistant"])
        mask.append(0)
    return tokens, mask
