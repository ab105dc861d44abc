# %% pattern and recursion
# One regular expression for all markers; cleans until nothing changes.
def render_chat(messages, markers, ask):
    import re

    pattern = "|".join(re.escape(m) for m in markers.values())

    def clean(words):
        shorter = re.sub(pattern, "", words)
        return words if shorter == words else clean(shorter)

    pieces = []
    for message in messages:
        role = message["role"]
        pieces += [markers[role], " ", clean(message["content"])]
        pieces += [markers["end"]] if role == "assistant" else []
    return "".join(pieces + ([markers["assistant"]] if ask else []))


# %% sign by sign
# Drops a marker as soon as its last sign is read, so one pass is enough.
def render_chat(messages, markers, ask):
    pieces = []
    for message in messages:
        kept = ""
        for sign in message["content"]:
            kept += sign
            for marker in markers.values():
                if kept.endswith(marker):
                    kept = kept[: len(kept) - len(marker)]
        pieces += [markers[message["role"]], " ", kept]
        pieces += [markers["end"]] * (message["role"] == "assistant")
    return "".join(pieces) + markers["assistant"] * bool(ask)


# %% the first that is found, in the messages themselves
# Cuts out one marker at a time and writes into the messages, which is allowed.
def render_chat(messages, markers, ask):
    for message in messages:
        while found := [m for m in markers.values() if m in message["content"]]:
            before, _, after = message["content"].partition(found[0])
            message["content"] = before + after
    closed = {"assistant": markers["end"]}
    text = "".join(
        f"{markers[m['role']]} {m['content']}{closed.get(m['role'], '')}" for m in messages
    )
    return text + markers["assistant"] if ask else text
