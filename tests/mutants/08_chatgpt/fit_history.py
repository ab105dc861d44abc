# %% single messages | says: the answer at 2 is kept without its question | falls: visible
# Messages are dropped one by one, so that an answer may stand there without its question.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    kept = list(range(len(head), len(messages)))
    while sum(messages[i][1] for i in head + kept) > window - reserve:
        if len(kept) == 1:
            return None
        kept = kept[1:]
    return head + kept


# %% system line dropped | says: the system line is gone | falls: visible
# The oldest message goes first, and that is the system line.
def fit_history(messages, window, reserve):
    kept = list(range(len(messages)))
    if messages[0][0] == "system" and sum(n for _, n in messages) > window - reserve:
        kept = kept[1:]
    while sum(messages[i][1] for i in kept) > window - reserve:
        if len(kept) == 1:
            return None
        kept = kept[2:]
    return kept


# %% no room for the answer | says: no room is left for the answer | falls: visible
# The whole window is filled with the conversation.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    kept = list(range(len(head), len(messages)))
    while sum(messages[i][1] for i in head + kept) > window:
        if len(kept) == 1:
            return None
        kept = kept[2:]
    return head + kept


# %% oldest kept | says: keep the newest ones | falls: visible
# The conversation is read from its beginning, as a book, and cut where it is full.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    last = len(messages) - 1
    used = sum(messages[i][1] for i in [*head, last])
    if used > window - reserve:
        return None
    kept = []
    for i in range(len(head), last, 2):
        used += messages[i][1] + messages[i + 1][1]
        if used > window - reserve:
            break
        kept += [i, i + 1]
    return head + kept + [last]


# %% holes | says: the talk has a hole | falls: hidden
# A turn too long is skipped, and an older one that fits is taken.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    last = len(messages) - 1
    used = sum(messages[i][1] for i in [*head, last])
    if used > window - reserve:
        return None
    kept = []
    for i in range(last - 2, len(head) - 1, -2):
        turn = messages[i][1] + messages[i + 1][1]
        if used + turn <= window - reserve:
            used += turn
            kept = [i, i + 1] + kept
    return head + kept + [last]


# %% exactly full counts as too long | says: what fills the room exactly fits | falls: hidden
# "Less than" stands where "at most" is meant.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    kept = list(range(len(head), len(messages)))
    while sum(messages[i][1] for i in head + kept) >= window - reserve:
        if len(kept) == 1:
            return None
        kept = kept[2:]
    return head + kept


# %% system line is free | says: the system line takes room, too | falls: hidden
# The system line is kept and not paid for.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    kept = list(range(len(head), len(messages)))
    while sum(messages[i][1] for i in kept) > window - reserve:
        if len(kept) == 1:
            return None
        kept = kept[2:]
    return head + kept


# %% too long is kept | says: return None | falls: visible
# The last question is kept even where it doesn't fit; the model would fail on it.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    kept = list(range(len(head), len(messages)))
    while sum(messages[i][1] for i in head + kept) > window - reserve and len(kept) > 1:
        kept = kept[2:]
    return head + kept
