# %% untied logits | says: the logits got a table of their own | falls: visible
# The last layer is counted beside the token embedding, though it is the same table.
def count_parameters(config):
    d, v = config["n_embd"], config["vocab_size"]
    block = 12 * d * d + 13 * d
    return 2 * v * d + config["n_positions"] * d + config["n_layer"] * block + 2 * d


# %% no biases | says: the biases are missing | falls: visible
# Only weight tables are counted.
def count_parameters(config):
    d = config["n_embd"]
    block = 12 * d * d + 4 * d
    return (config["vocab_size"] + config["n_positions"]) * d + config["n_layer"] * block + 2 * d


# %% no last layer norm | says: the last layer norm, after all blocks, is missing | falls: visible
# The layer norm after the last block is forgotten.
def count_parameters(config):
    d = config["n_embd"]
    block = 12 * d * d + 13 * d
    return (config["vocab_size"] + config["n_positions"]) * d + config["n_layer"] * block


# %% narrow MLP | says: the MLP is four times as wide | falls: visible
# The MLP is taken to be as wide as the embedding.
def count_parameters(config):
    d = config["n_embd"]
    block = 4 * d * d + 4 * d + 2 * d * d + 2 * d + 4 * d
    return (config["vocab_size"] + config["n_positions"]) * d + config["n_layer"] * block + 2 * d


# %% vocabulary of GPT-2 | says: you use the vocabulary of GPT-2 | falls: hidden
# The vocabulary size is written down from the example.
def count_parameters(config):
    d = config["n_embd"]
    block = 12 * d * d + 13 * d
    return (50257 + config["n_positions"]) * d + config["n_layer"] * block + 2 * d


# %% window of GPT-2 | says: you use the window of GPT-2 | falls: hidden
# The number of positions is written down from the example; 1 % doesn't notice it.
def count_parameters(config):
    d = config["n_embd"]
    block = 12 * d * d + 13 * d
    return (config["vocab_size"] + 1024) * d + config["n_layer"] * block + 2 * d
