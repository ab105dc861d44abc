# %% all true | says: what moves | falls: hidden
# Everything that is said often is taken for true.
def decide():
    return {
        "gpt1": ("true", "two trainings"),
        "last": ("true", "blue line"),
        "frozen": ("true", "feature vectors"),
        "finished": ("true", "Python text"),
        "vector": ("true", "dimensions"),
        "words": ("true", "kitten"),
        "ada": ("true", "none"),
    }


# %% the last layer | says: what moves | falls: hidden
# Fine-tuning is taken to be a change of the last layer.
def decide():
    return {
        "gpt1": ("true", "two trainings"),
        "last": ("true", "blue line"),
        "frozen": ("true", "feature vectors"),
        "finished": ("false", "Python text"),
        "vector": ("true", "dimensions"),
        "words": ("false", "kitten"),
        "ada": ("not published", "none"),
    }


# %% only words count | says: What is its cosine | falls: hidden
# An embedding is taken for a count of words.
def decide():
    return {
        "gpt1": ("true", "two trainings"),
        "last": ("false", "blue line"),
        "frozen": ("true", "feature vectors"),
        "finished": ("false", "Python text"),
        "vector": ("true", "dimensions"),
        "words": ("true", "kitten"),
        "ada": ("not published", "none"),
    }


# %% an estimate is a figure | says: Is there a source by OpenAI | falls: hidden
# The estimate for the GPT-3 model ada is taken for the size of the embedding model.
def decide():
    return {
        "gpt1": ("true", "two trainings"),
        "last": ("false", "blue line"),
        "frozen": ("true", "feature vectors"),
        "finished": ("false", "Python text"),
        "vector": ("true", "dimensions"),
        "words": ("false", "kitten"),
        "ada": ("false", "none"),
    }


# %% trained once | says: trained on after its pre-training | falls: hidden
# The blue line is taken for the figure of two statements.
def decide():
    return {
        "gpt1": ("true", "two trainings"),
        "last": ("false", "majority"),
        "frozen": ("true", "feature vectors"),
        "finished": ("false", "blue line"),
        "vector": ("true", "dimensions"),
        "words": ("false", "kitten"),
        "ada": ("not published", "none"),
    }
