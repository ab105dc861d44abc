# %% all true | says: 'window': the verdict isn't right | falls: hidden
# Everything that is said often is taken for true.
def decide():
    return {
        "method": ("true", "sibling"),
        "window": ("true", 4096),
        "rating": ("true", 0.909),
        "memory": ("true", 3),
        "filter": ("true", 112),
        "start": ("true", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("true", 175000000000.0),
    }


# %% all false | says: 'method': the verdict isn't right | falls: hidden
# Nothing is believed.
def decide():
    return {
        "method": ("false", "sibling"),
        "window": ("false", 4096),
        "rating": ("false", 0.909),
        "memory": ("false", 3),
        "filter": ("false", 112),
        "start": ("false", "SFT"),
        "interval": ("false", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% the window decides | says: How the web page cut a long talk | falls: hidden
# The window of the API's model is taken for what the web page did.
def decide():
    return {
        "method": ("true", "sibling"),
        "window": ("true", 4096),
        "rating": ("true", 0.909),
        "memory": ("false", 3),
        "filter": ("true", 112),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% the weights change | says: No message changes a weight | falls: hidden
# The model is thought to learn while it talks.
def decide():
    return {
        "method": ("true", "sibling"),
        "window": ("not published", 4096),
        "rating": ("true", 0.909),
        "memory": ("true", 3),
        "filter": ("true", 112),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% read once | says: 'memory': another figure decides | falls: hidden
# The first message is thought to be read once.
def decide():
    return {
        "method": ("true", "sibling"),
        "window": ("not published", 4096),
        "rating": ("true", 0.909),
        "memory": ("false", 1),
        "filter": ("true", 112),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% odds for a share | says: 'rating': another figure decides | falls: hidden
# Ten wins for each loss are taken for ten games of ten and one more.
def decide():
    return {
        "method": ("true", "sibling"),
        "window": ("not published", 4096),
        "rating": ("true", 10),
        "memory": ("false", 3),
        "filter": ("true", 112),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% a quarter | says: 'interval': another figure decides | falls: hidden
# Four times as many comparisons are thought to make the interval a quarter as wide.
def decide():
    return {
        "method": ("true", "sibling"),
        "window": ("not published", 4096),
        "rating": ("true", 0.909),
        "memory": ("false", 3),
        "filter": ("true", 112),
        "start": ("false", "SFT"),
        "interval": ("true", 0.75),
        "slower": ("false", 175000000000.0),
    }


# %% starts from the reward model | says: 'start': another figure decides | falls: hidden
# The reward model is taken for the model that PPO trains.
def decide():
    return {
        "method": ("true", "sibling"),
        "window": ("not published", 4096),
        "rating": ("true", 0.909),
        "memory": ("false", 3),
        "filter": ("true", 112),
        "start": ("false", "reward model"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% smaller, therefore faster | says: Three sizes of InstructGPT | falls: hidden
# The smallest InstructGPT is taken for all of them.
def decide():
    return {
        "method": ("true", "sibling"),
        "window": ("not published", 4096),
        "rating": ("true", 0.909),
        "memory": ("false", 3),
        "filter": ("true", 112),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("true", 1300000000.0),
    }


# %% a number in words | says: but a number (a billion is 1e9) is asked for | falls: visible
# Days are written with their unit.
def decide():
    return {
        "method": ("true", "sibling"),
        "window": ("not published", 4096),
        "rating": ("true", 0.909),
        "memory": ("false", 3),
        "filter": ("true", "112 days"),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% a verdict of one's own | says: isn't a verdict | falls: visible
# Half true isn't one of the three.
def decide():
    return {
        "method": ("half true", "sibling"),
        "window": ("not published", 4096),
        "rating": ("true", 0.909),
        "memory": ("false", 3),
        "filter": ("true", 112),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% weeks for days | says: 'filter': another figure decides | falls: hidden
# The filter's lead is counted in weeks.
def decide():
    return {
        "method": ("true", "sibling"),
        "window": ("not published", 4096),
        "rating": ("true", 0.909),
        "memory": ("false", 3),
        "filter": ("true", 16),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% one day too many | says: 'filter': another figure decides | falls: hidden
# Both the first and the last day are counted.
def decide():
    return {
        "method": ("true", "sibling"),
        "window": ("not published", 4096),
        "rating": ("true", 0.909),
        "memory": ("false", 3),
        "filter": ("true", 113),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% billions left out | says: 'slower': another figure decides | falls: hidden
# The number of parameters is written in billions.
def decide():
    return {
        "method": ("true", "sibling"),
        "window": ("not published", 4096),
        "rating": ("true", 0.909),
        "memory": ("false", 3),
        "filter": ("true", 112),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("false", 175),
    }


# %% read by the second and third answer | says: 'memory': another figure decides | falls: hidden
# The first answer is thought not to read the first message again.
def decide():
    return {
        "method": ("true", "sibling"),
        "window": ("not published", 4096),
        "rating": ("true", 0.909),
        "memory": ("false", 2),
        "filter": ("true", 112),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }


# %% nothing is published | says: 'method': the verdict isn't right | falls: hidden
# All verdicts are "not published", since OpenAI says little.
def decide():
    return {
        "method": ("not published", "sibling"),
        "window": ("not published", 4096),
        "rating": ("not published", 0.909),
        "memory": ("not published", 3),
        "filter": ("not published", 112),
        "start": ("not published", "SFT"),
        "interval": ("not published", 1.5),
        "slower": ("not published", 175000000000.0),
    }


# %% a share in percent | says: 'rating': another figure decides | falls: hidden
# The expected points are written in percent.
def decide():
    return {
        "method": ("true", "sibling"),
        "window": ("not published", 4096),
        "rating": ("true", 90.9),
        "memory": ("false", 3),
        "filter": ("true", 112),
        "start": ("false", "SFT"),
        "interval": ("true", 1.5),
        "slower": ("false", 175000000000.0),
    }
