# %% marker included | says: the assistant marker is in | falls: visible
# The marker is taken for the first token of the answer.
def loss_mask(tokens, assistant, end):
    mask, inside = [], False
    for token in tokens:
        inside = inside or token == assistant
        mask.append(int(inside))
        inside = inside and token != end
    return mask


# %% end left out | says: a model that never learns them never stops | falls: visible
# The end token is taken for a part of the form, which the program writes.
def loss_mask(tokens, assistant, end):
    mask, inside = [], False
    for token in tokens:
        inside = inside and token != end
        mask.append(int(inside))
        inside = inside or token == assistant
    return mask


# %% one place early | says: this is one place too early | falls: visible
# The places that guess the tokens of the answer are marked, not the tokens themselves.
def loss_mask(tokens, assistant, end):
    mask, inside = [], False
    for token in tokens:
        if token == assistant:
            inside = True
        elif token == end:
            inside = False
        mask.append(int(inside))
    return mask


# %% last answer only | says: only the last answer is in | falls: visible
# A dialogue is taken for a long prompt with one answer.
def loss_mask(tokens, assistant, end):
    places = [i for i, token in enumerate(tokens) if token == assistant]
    if not places:
        return [0] * len(tokens)
    mask = [0] * (places[-1] + 1)
    for token in tokens[places[-1] + 1 :]:
        mask.append(0 if end in tokens[places[-1] + 1 : len(mask)] else 1)
    return mask


# %% first answer only | says: only the first answer is in | falls: visible
# Reading stops at the first end token after an answer.
def loss_mask(tokens, assistant, end):
    mask, inside, done = [], False, False
    for token in tokens:
        mask.append(int(inside))
        if token == assistant and not done:
            inside = True
        elif token == end and inside:
            inside, done = False, True
    return mask


# %% everything after the first marker | says: the second request is in | falls: visible
# The mask is switched on and never off, as is right for one turn.
def loss_mask(tokens, assistant, end):
    mask, inside = [], False
    for token in tokens:
        mask.append(int(inside))
        inside = inside or token == assistant
    return mask


# %% the prompt is marked | says: these are the tokens of the person | falls: visible
# 1 is read as "hide this token", so all numbers are exchanged.
def loss_mask(tokens, assistant, end):
    mask, inside = [], False
    for token in tokens:
        mask.append(int(not inside))
        if token == assistant:
            inside = True
        elif token == end:
            inside = False
    return mask


# %% every end token | says: the first end token closes no answer | falls: visible
# All end tokens are marked, also those that close nothing.
def loss_mask(tokens, assistant, end):
    mask, inside = [], False
    for token in tokens:
        mask.append(int(inside or token == end))
        if token == assistant:
            inside = True
        elif token == end:
            inside = False
    return mask


# %% a cut answer is skipped | says: an answer without its end token is skipped | falls: hidden
# An answer is looked for between a marker and an end; without an end there is none.
def loss_mask(tokens, assistant, end):
    mask = [0] * len(tokens)
    for i, token in enumerate(tokens):
        if token == assistant and end in tokens[i:]:
            for k in range(i + 1, tokens.index(end, i) + 1):
                mask[k] = 1
    return mask


# %% markers of the example | says: are the markers of the example | falls: hidden
# 2 and 3 are written down from the example.
def loss_mask(tokens, assistant, end):
    mask, inside = [], False
    for token in tokens:
        mask.append(int(inside))
        if token == 2:
            inside = True
        elif token == 3:
            inside = False
    return mask


# %% 1 ends an answer | says: the answer stops at the token 1 | falls: visible
# The user's marker is thought to be 1 and to end what the model says.
def loss_mask(tokens, assistant, end):
    mask, inside = [], False
    for token in tokens:
        if token == 1:
            inside = False
        mask.append(int(inside))
        if token == assistant:
            inside = True
        elif token == end:
            inside = False
    return mask


# %% remembers from call to call | says: loss_mask | falls: hidden
# What is remembered is outside the function, so a cut answer goes on in the next conversation.
state = {"inside": False}


def loss_mask(tokens, assistant, end):
    mask = []
    for token in tokens:
        mask.append(int(state["inside"]))
        if token == assistant:
            state["inside"] = True
        elif token == end:
            state["inside"] = False
    return mask


# %% an empty answer is no answer | says: has its end token too | falls: hidden
# An end token right after the assistant's marker is taken for one that closes nothing.
def loss_mask(tokens, assistant, end):
    mask, inside, words = [], False, 0
    for token in tokens:
        mask.append(int(inside and not (token == end and words == 0)))
        words += inside
        if token == assistant:
            inside, words = True, 0
        elif token == end:
            inside = False
    return mask


# %% ends are counted against beginnings | says: counts against a later answer | falls: visible
# Inside is where more markers than end tokens came, so an end that closes nothing is never made up.
def loss_mask(tokens, assistant, end):
    mask, depth = [], 0
    for token in tokens:
        mask.append(int(depth > 0))
        depth += (token == assistant) - (token == end)
    return mask


# %% the first token is the user's marker | falls: hidden
# What the conversation begins with is thought to end every answer.
def loss_mask(tokens, assistant, end):
    mask, inside = [], False
    for token in tokens:
        inside = inside and (token != tokens[0] or token == end)
        mask.append(int(inside))
        inside = (inside or token == assistant) and token != end
    return mask
