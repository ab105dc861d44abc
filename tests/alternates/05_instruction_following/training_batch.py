# %% fill a table
# Tables full of padding, into which each row is written.
def training_batch(rows, masks, window, pad):
    kept = [i for i, mask in enumerate(masks) if sum(mask[1:window]) > 0]
    lengths = [min(window, len(rows[i])) for i in kept]
    tokens = np.full((len(kept), max(lengths)), pad)
    mask = np.zeros_like(tokens)
    for place, (i, n) in enumerate(zip(kept, lengths)):
        tokens[place, :n], mask[place, :n] = rows[i][:n], masks[i][:n]
    return tokens, mask
