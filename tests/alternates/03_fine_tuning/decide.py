# %% from a table
# Builds the same dictionary from lines of text.
def decide():
    lines = """codex,true,parent
last,false,five ways
cushman,true,index
size,not published,none
zero,true,humaneval
slow,false,merged"""
    rows = [line.split(",") for line in lines.split("\n")]
    return {name: (verdict, figure) for name, verdict, figure in rows}
