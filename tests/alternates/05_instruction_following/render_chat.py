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
