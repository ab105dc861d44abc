# %% without regular expressions
# Cuts the text at everything that is no digit.
def premise_check(request, answer, years):
    def numbers(text):
        only = "".join(c if c.isalnum() or c == "_" else " " for c in text).split()
        return [int(word) for word in only if len(word) == 4 and word.isdigit()]

    best = ""
    for name in years:
        if name.casefold() in request.casefold() and len(name) > len(best):
            best = name
    asked = numbers(request)
    if best == "" or asked == []:
        return ("none", None)
    if asked[0] == years[best]:
        return ("true", None)
    told = numbers(answer)
    if years[best] in told:
        return ("false", 1.0)
    return ("false", 0.0 if told else 0.5)


# %% sorted table
# Goes through the names from the longest to the shortest and stops at the first.
def premise_check(request, answer, years):
    found = re.search(r"(?<!\w)\d{4}(?!\w)", request)
    event = next((n for n in sorted(years, key=len, reverse=True) if n.lower() in request.lower()), None)
    if event is None or found is None:
        return "none", None
    if found[0] == str(years[event]):
        return "true", None
    said = set(re.findall(r"(?<!\w)\d{4}(?!\w)", answer))
    if str(years[event]) in said:
        return "false", 1.0
    return "false", (0.5 if not said else 0.0)
