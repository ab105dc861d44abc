# %% no space | says: a space is missing | falls: visible
# Marker and content are glued together.
def render_chat(messages, markers, ask):
    text = ""
    for m in messages:
        content = m["content"]
        while any(x in content for x in markers.values()):
            for x in markers.values():
                content = content.replace(x, "")
        text += markers[m["role"]] + content + markers["end"] * (m["role"] == "assistant")
    return text + markers["assistant"] * bool(ask)


# %% everything is closed | says: only the assistant's are | falls: visible
# The end marker is taken for the end of a message.
def render_chat(messages, markers, ask):
    text = ""
    for m in messages:
        content = m["content"]
        while any(x in content for x in markers.values()):
            for x in markers.values():
                content = content.replace(x, "")
        text += f"{markers[m['role']]} {content}{markers['end']}"
    return text + markers["assistant"] * bool(ask)


# %% no end | says: never stops | falls: visible
# The end marker is forgotten.
def render_chat(messages, markers, ask):
    text = ""
    for m in messages:
        content = m["content"]
        while any(x in content for x in markers.values()):
            for x in markers.values():
                content = content.replace(x, "")
        text += f"{markers[m['role']]} {content}"
    return text + markers["assistant"] * bool(ask)


# %% always asks | says: ask is False | falls: visible
# The marker of the assistant is always put at the end.
def render_chat(messages, markers, ask):
    text = ""
    for m in messages:
        content = m["content"]
        while any(x in content for x in markers.values()):
            for x in markers.values():
                content = content.replace(x, "")
        text += f"{markers[m['role']]} {content}" + markers["end"] * (m["role"] == "assistant")
    return text + markers["assistant"]


# %% contents go in as they are | says: the model would read its own | falls: visible
# Nobody is expected to type a marker.
def render_chat(messages, markers, ask):
    text = ""
    for m in messages:
        text += f"{markers[m['role']]} {m['content']}" + markers["end"] * (m["role"] == "assistant")
    return text + markers["assistant"] * bool(ask)


# %% three markers | says: every one of the four | falls: visible
# Only the markers of roles are taken out.
def render_chat(messages, markers, ask):
    text = ""
    for m in messages:
        content = m["content"]
        for role in ["system", "user", "assistant"]:
            while markers[role] in content:
                content = content.replace(markers[role], "")
        text += f"{markers[m['role']]} {content}" + markers["end"] * (m["role"] == "assistant")
    return text + markers["assistant"] * bool(ask)


# %% once | says: go on until none is left | falls: visible
# Each marker is replaced once, and what comes together by that stays.
def render_chat(messages, markers, ask):
    text = ""
    for m in messages:
        content = m["content"]
        for x in markers.values():
            content = content.replace(x, "")
        text += f"{markers[m['role']]} {content}" + markers["end"] * (m["role"] == "assistant")
    return text + markers["assistant"] * bool(ask)


# %% only the user is suspected | says: the assistant can hold markers too | falls: hidden
# Contents of other roles are trusted.
def render_chat(messages, markers, ask):
    text = ""
    for m in messages:
        content = m["content"]
        while m["role"] == "user" and any(x in content for x in markers.values()):
            for x in markers.values():
                content = content.replace(x, "")
        text += f"{markers[m['role']]} {content}" + markers["end"] * (m["role"] == "assistant")
    return text + markers["assistant"] * bool(ask)


# %% markers of the example | says: these are the markers of the example | falls: hidden
# The markers are written down instead of taken from the argument.
def render_chat(messages, markers, ask):
    known = {role: f"<|{role}|>" for role in ["system", "user", "assistant", "end"]}
    text = ""
    for m in messages:
        content = m["content"]
        while any(x in content for x in known.values()):
            for x in known.values():
                content = content.replace(x, "")
        text += f"{known[m['role']]} {content}" + known["end"] * (m["role"] == "assistant")
    return text + known["assistant"] * bool(ask)


# %% one marker after the other | says: go on until none is left | falls: visible
# Each marker is taken out until it is gone, but a later one can put an earlier one together.
def render_chat(messages, markers, ask):
    text = ""
    for message in messages:
        content = message["content"]
        for marker in markers.values():
            while marker in content:
                content = content.replace(marker, "")
        text += f"{markers[message['role']]} {content}"
        text += markers["end"] if message["role"] == "assistant" else ""
    return text + (markers["assistant"] if ask else "")


# %% contents are tidied up | says: take out the markers only | falls: hidden
# Spaces at the ends of a content are taken for nothing.
def render_chat(messages, markers, ask):
    text = ""
    for message in messages:
        content = message["content"]
        while any(marker in content for marker in markers.values()):
            for marker in markers.values():
                content = content.replace(marker, "")
        text += f"{markers[message['role']]} {content.strip()}"
        text += markers["end"] if message["role"] == "assistant" else ""
    return text + (markers["assistant"] if ask else "")


# %% twice is enough | says: two rounds aren't always enough | falls: hidden
# Two rounds of replacing are thought to be enough.
def render_chat(messages, markers, ask):
    text = ""
    for m in messages:
        content = m["content"]
        for _ in range(2):
            for x in markers.values():
                content = content.replace(x, "")
        text += f"{markers[m['role']]} {content}" + markers["end"] * (m["role"] == "assistant")
    return text + markers["assistant"] * bool(ask)


# %% a space is put in its place | says: render_chat | falls: visible
# Each marker becomes a space, so that words don't run together.
def render_chat(messages, markers, ask):
    text = ""
    for m in messages:
        content = m["content"]
        while any(x in content for x in markers.values()):
            for x in markers.values():
                content = content.replace(x, " ")
        text += f"{markers[m['role']]} {content}" + markers["end"] * (m["role"] == "assistant")
    return text + markers["assistant"] * bool(ask)


# %% everything between brackets | says: render_chat | falls: hidden
# Whatever looks like <|…|> or […] is taken for a marker.
def render_chat(messages, markers, ask):
    import re

    text = ""
    for m in messages:
        content, before = m["content"], None
        while content != before:
            before = content
            content = re.sub(r"<\|\w*\|>|\[\w*\]", "", content)
        text += f"{markers[m['role']]} {content}" + markers["end"] * (m["role"] == "assistant")
    return text + markers["assistant"] * bool(ask)


# %% no answer after an answer | falls: hidden
# Where the assistant spoke last it is thought to have had its turn, whatever `ask` says.
def render_chat(messages, markers, ask):
    text, last = "", ""
    for message in messages:
        content, last = message["content"], message["role"]
        while any(marker in content for marker in markers.values()):
            for marker in markers.values():
                content = content.replace(marker, "")
        text += f"{markers[last]} {content}" + markers["end"] * (last == "assistant")
    return text + markers["assistant"] * (ask and last != "assistant")


# %% nothing said, nothing asked | falls: hidden
# A conversation without messages is thought to be an empty text.
def render_chat(messages, markers, ask):
    if not messages:
        return ""
    text = ""
    for message in messages:
        content = message["content"]
        while any(marker in content for marker in markers.values()):
            for marker in markers.values():
                content = content.replace(marker, "")
        text += f"{markers[message['role']]} {content}"
        text += markers["end"] * (message["role"] == "assistant")
    return text + markers["assistant"] * bool(ask)


# %% the system line comes first | falls: hidden
# Messages are put in the order that people expect.
def render_chat(messages, markers, ask):
    text = ""
    for message in sorted(messages, key=lambda one: one["role"] != "system"):
        content = message["content"]
        while any(marker in content for marker in markers.values()):
            for marker in markers.values():
                content = content.replace(marker, "")
        text += f"{markers[message['role']]} {content}"
        text += markers["end"] * (message["role"] == "assistant")
    return text + markers["assistant"] * bool(ask)


# %% neighbours of one role are joined | falls: hidden
# Two messages of one speaker in a row share a marker.
def render_chat(messages, markers, ask):
    text, last = "", ""
    for place, message in enumerate(messages):
        content, role = message["content"], message["role"]
        while any(marker in content for marker in markers.values()):
            for marker in markers.values():
                content = content.replace(marker, "")
        text += f" {content}" if role == last else f"{markers[role]} {content}"
        follows = messages[place + 1]["role"] if place + 1 < len(messages) else ""
        text += markers["end"] * (role == "assistant" and follows != role)
        last = role
    return text + markers["assistant"] * bool(ask)


# %% capitals don't matter | falls: hidden
# What differs from a marker by capitals is taken out, too.
def render_chat(messages, markers, ask):
    import re

    known = re.compile("|".join(map(re.escape, markers.values())), re.IGNORECASE)
    text = ""
    for message in messages:
        content = message["content"]
        while known.search(content):
            content = known.sub("", content)
        text += f"{markers[message['role']]} {content}"
        text += markers["end"] * (message["role"] == "assistant")
    return text + markers["assistant"] * bool(ask)


# %% markers as patterns | says: use replace, or re.escape | falls: visible
# The markers are put into a regular expression as they are.
def render_chat(messages, markers, ask):
    import re

    text = ""
    for message in messages:
        content = re.sub("|".join(markers.values()), "", message["content"])
        text += f"{markers[message['role']]} {content}"
        text += markers["end"] * (message["role"] == "assistant")
    return text + markers["assistant"] * bool(ask)


# %% one end for the conversation | says: here it closes the conversation | falls: visible
# The end marker comes once, after the last message.
def render_chat(messages, markers, ask):
    text = ""
    for message in messages:
        content = message["content"]
        while any(marker in content for marker in markers.values()):
            for marker in markers.values():
                content = content.replace(marker, "")
        text += f"{markers[message['role']]} {content}"
    return text + markers["end"] + markers["assistant"] * bool(ask)
