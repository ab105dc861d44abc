# %% single messages | says: the answer at 2 is kept without its question | falls: visible
# Messages are dropped one by one, so that an answer may be left without its question.
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


# %% holes | says: the talk has a hole | falls: visible
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


# %% exactly full counts as too long | says: what fills the room exactly fits | falls: visible
# "Less than" is written where "at most" is meant.
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


# %% system line alone decides | says: the system line and the last message don't fit together | falls: hidden
# None is returned only if the last message alone is too long; otherwise it is kept without paying.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    room = window - reserve
    last = len(messages) - 1
    if messages[last][1] > room:
        return None
    kept = list(range(len(head), len(messages)))
    while sum(messages[i][1] for i in head + kept) > room and len(kept) > 1:
        kept = kept[2:]
    return head + kept


# %% there is always a system line | falls: visible
# The first message is kept whatever its role is.
def fit_history(messages, window, reserve):
    if len(messages) == 1:
        return [0] if messages[0][1] <= window - reserve else None
    kept = list(range(1, len(messages)))
    while sum(messages[i][1] for i in [0, *kept]) > window - reserve:
        if len(kept) == 1:
            return None
        kept = kept[2:]
    return [0, *kept]


# %% the newest turn only | says: only the newest turn is kept | falls: hidden
# One turn before the question is thought to be enough.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    last = len(messages) - 1
    room = window - reserve - sum(messages[i][1] for i in [*head, last])
    if room < 0:
        return None
    turn = [last - 2, last - 1] if last - 2 >= len(head) else []
    if sum(messages[i][1] for i in turn) > room:
        turn = []
    return [*head, *turn, last]


# %% the question is free | says: no room is left for the answer | falls: hidden
# Only older messages are counted; the last one is what the answer is about anyway.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    last = len(messages) - 1
    if sum(messages[i][1] for i in [*head, last]) > window - reserve:
        return None
    room = window - reserve - sum(messages[i][1] for i in head)
    kept = []
    for i in range(last - 2, len(head) - 1, -2):
        room -= messages[i][1] + messages[i + 1][1]
        if room < 0:
            break
        kept = [i, i + 1, *kept]
    return [*head, *kept, last]


# %% the question's own room only | says: don't fit together | falls: hidden
# The system line is dropped where it doesn't fit; it is always kept, so there is no way out.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    room = window - reserve - messages[-1][1]
    if room < 0:
        return None
    if head and messages[0][1] > room:
        return [len(messages) - 1]
    room -= sum(messages[i][1] for i in head)
    kept = [len(messages) - 1]
    for i in range(len(messages) - 3, len(head) - 1, -2):
        room -= messages[i][1] + messages[i + 1][1]
        if room < 0:
            break
        kept = [i, i + 1] + kept
    return head + kept


# %% nothing older is nothing at all | says: Did you forget | falls: visible
# Returns None where no old turn fits.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    room = window - reserve - sum(messages[i][1] for i in head) - messages[-1][1]
    kept = []
    for i in range(len(messages) - 3, len(head) - 1, -2):
        room -= messages[i][1] + messages[i + 1][1]
        if room < 0:
            break
        kept = [i, i + 1] + kept
    return head + kept + [len(messages) - 1] if kept or len(messages) == 1 else None


# %% as many as possible | says: the oldest turn is kept | falls: visible
# The shortest turns first, so that many fit.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    room = window - reserve - sum(messages[i][1] for i in head) - messages[-1][1]
    if room < 0:
        return None
    turns = range(len(head), len(messages) - 1, 2)
    kept = []
    for i in sorted(turns, key=lambda i: messages[i][1] + messages[i + 1][1]):
        room -= messages[i][1] + messages[i + 1][1]
        if room < 0:
            break
        kept += [i, i + 1]
    return head + sorted(kept) + [len(messages) - 1]


# %% stops after the turn that goes over | says: not every message is counted | falls: visible
# The check for room comes one turn too late.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    room = window - reserve - sum(messages[i][1] for i in head) - messages[-1][1]
    if room < 0:
        return None
    kept = [len(messages) - 1]
    for i in range(len(messages) - 3, len(head) - 1, -2):
        if room <= 0:
            break
        room -= messages[i][1] + messages[i + 1][1]
        kept = [i, i + 1] + kept
    return head + kept


# %% a talk that fits is looked at first | says: don't fit together | falls: hidden
# Without old turns the messages aren't counted: a talk of one message is always kept.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    if len(messages) - len(head) == 1 and head:
        return list(range(len(messages)))
    room = window - reserve - sum(messages[i][1] for i in head) - messages[-1][1]
    if room < 0:
        return None
    kept = [len(messages) - 1]
    for i in range(len(messages) - 3, len(head) - 1, -2):
        room -= messages[i][1] + messages[i + 1][1]
        if room < 0:
            break
        kept = [i, i + 1] + kept
    return head + kept


# %% two turns at most | says: only the two newest turns are kept | falls: hidden
# Keeps the last two turns, as the example happens to.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    room = window - reserve - sum(messages[i][1] for i in head) - messages[-1][1]
    if room < 0:
        return None
    kept = [len(messages) - 1]
    for i in range(len(messages) - 3, max(len(head), len(messages) - 5) - 1, -2):
        room -= messages[i][1] + messages[i + 1][1]
        if room < 0:
            break
        kept = [i, i + 1] + kept
    return head + kept


# %% the answers are free | says: not every message is counted | falls: visible
# Only what the person wrote is counted.
def fit_history(messages, window, reserve):
    head = [0] if messages[0][0] == "system" else []
    room = window - reserve - sum(messages[i][1] for i in head) - messages[-1][1]
    if room < 0:
        return None
    kept = [len(messages) - 1]
    for i in range(len(messages) - 3, len(head) - 1, -2):
        room -= messages[i][1]
        if room < 0:
            break
        kept = [i, i + 1] + kept
    return head + kept
