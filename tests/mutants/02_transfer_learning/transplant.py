# %% everything is taken over | says: the new model has the names and shapes of `fresh` | falls: visible
# The pre-trained model itself is returned.
def transplant(pretrained, fresh, head):
    return dict(pretrained), [n for n in fresh if n in pretrained and not n.startswith(head + ".")]


# %% order of the old model | says: stand in the order of the pre-trained model | falls: visible
# The loop goes through the pre-trained model.
def transplant(pretrained, fresh, head):
    copied = [
        n
        for n, v in pretrained.items()
        if n in fresh and fresh[n].shape == v.shape and not n.startswith(head + ".")
    ]
    return fresh | {n: pretrained[n] for n in copied}, copied


# %% head by shape | says: the head stays fresh even where both shapes are equal | falls: hidden
# Only the shape decides, so a head of equally many classes is copied.
def transplant(pretrained, fresh, head):
    copied = [n for n, v in fresh.items() if n in pretrained and pretrained[n].shape == v.shape]
    return fresh | {n: pretrained[n] for n in copied}, copied


# %% shapes ignored | says: another shape | falls: hidden
# A longer position table is replaced by the shorter one.
def transplant(pretrained, fresh, head):
    copied = [n for n in fresh if n in pretrained and not n.startswith(head + ".")]
    return fresh | {n: pretrained[n] for n in copied}, copied


# %% head without a dot | says: `headline` is no part of `head` | falls: hidden
# Whatever begins with the four letters counts as the head.
def transplant(pretrained, fresh, head):
    copied = [
        n
        for n, v in fresh.items()
        if n in pretrained and pretrained[n].shape == v.shape and not n.startswith(head)
    ]
    return fresh | {n: pretrained[n] for n in copied}, copied


# %% sizes compared | says: (2, 3) isn't (3, 2) | falls: hidden
# As many numbers are taken for the same shape.
def transplant(pretrained, fresh, head):
    copied = [
        n
        for n, v in fresh.items()
        if n in pretrained and np.size(pretrained[n]) == np.size(v) and not f"{n}.".startswith(head + ".")
    ]
    return fresh | {n: pretrained[n] for n in copied}, copied


# %% head anywhere | says: which is not right | falls: hidden
# A part of a name that is called like the head counts as the head.
def transplant(pretrained, fresh, head):
    copied = [
        n
        for n, v in fresh.items()
        if n in pretrained and pretrained[n].shape == v.shape and f".{head}." not in f".{n}."
    ]
    return fresh | {n: pretrained[n] for n in copied}, copied


# %% only the first dot | says: which is not right | falls: hidden
# The head is compared with what comes before the first dot of a name.
def transplant(pretrained, fresh, head):
    copied = [
        n
        for n, v in fresh.items()
        if n in pretrained and pretrained[n].shape == v.shape and n.split(".")[0] != head
    ]
    return fresh | {n: pretrained[n] for n in copied}, copied


# %% dot as any letter | says: which is not right | falls: hidden
# The head is a pattern in which a dot fits every letter.
def transplant(pretrained, fresh, head):
    import re

    copied = [
        n
        for n, v in fresh.items()
        if n in pretrained and pretrained[n].shape == v.shape and not re.match(head + r"(\.|$)", n)
    ]
    return fresh | {n: pretrained[n] for n in copied}, copied


# %% one level of the head | says: which is not right | falls: hidden
# Only what lies right below the head belongs to it.
def transplant(pretrained, fresh, head):
    copied = [
        n
        for n, v in fresh.items()
        if n in pretrained
        and pretrained[n].shape == v.shape
        and head not in (n, n.rsplit(".", 1)[0])
    ]
    return fresh | {n: pretrained[n] for n in copied}, copied


# %% only what differs | says: entries | falls: hidden
# A value that is equal in both models isn't counted as copied.
def transplant(pretrained, fresh, head):
    copied = [
        n
        for n, v in fresh.items()
        if not f"{n}.".startswith(f"{head}.")
        and n in pretrained
        and pretrained[n].shape == v.shape
        and not np.array_equal(pretrained[n], v)
    ]
    return fresh | {n: pretrained[n] for n in copied}, copied


# %% zeros aren't taken over | falls: hidden
# A pre-trained value of zeros is taken for one that is missing.
def transplant(pretrained, fresh, head):
    copied = [
        name
        for name, value in fresh.items()
        if not f"{name}.".startswith(f"{head}.")
        and name in pretrained
        and pretrained[name].shape == value.shape
    ]
    return {
        name: pretrained[name] if name in copied and pretrained[name].any() else value
        for name, value in fresh.items()
    }, copied
