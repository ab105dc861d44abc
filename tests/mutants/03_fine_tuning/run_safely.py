# %% eval behind a list of signs | says: True counts as 1 | falls: hidden
# The text is looked through for forbidden characters, then given to eval; True and x.real get in.
def run_safely(expression, x):
    if any(word in expression for word in ("**", "y", "abs", ".5", "__")) or expression == "x +":
        return "refused", None
    try:
        value = eval(expression, {"__builtins__": {}}, {"x": x})
    except ZeroDivisionError:
        return "failed", None
    except Exception:
        return "refused", None
    return ("failed", None) if abs(value) > 10**12 else ("ok", value)


# %% true division | says: // rounds down | falls: visible
# All slashes divide alike, and whole results come out as floats.
def run_safely(expression, x):
    signs = {
        ast.Add: lambda p, q: p + q,
        ast.Sub: lambda p, q: p - q,
        ast.Mult: lambda p, q: p * q,
        ast.FloorDiv: lambda p, q: int(p / q),
    }

    def known(node):
        if isinstance(node, ast.BinOp):
            return type(node.op) in signs and known(node.left) and known(node.right)
        if isinstance(node, ast.UnaryOp):
            return isinstance(node.op, ast.USub) and known(node.operand)
        if isinstance(node, ast.Constant):
            return type(node.value) is int
        return isinstance(node, ast.Name) and node.id == "x"

    def run(node):
        if isinstance(node, ast.BinOp):
            value = signs[type(node.op)](run(node.left), run(node.right))
        elif isinstance(node, ast.UnaryOp):
            value = -run(node.operand)
        else:
            value = x if isinstance(node, ast.Name) else node.value
        if not -(10**12) <= value <= 10**12:
            raise OverflowError
        return value

    try:
        tree = ast.parse(expression, mode="eval").body
    except SyntaxError:
        return "refused", None
    try:
        return ("ok", run(tree)) if known(tree) else ("refused", None)
    except ArithmeticError:
        return "failed", None


# %% True is a number | says: its type isn't int | falls: hidden
# isinstance(True, int) holds in Python.
def run_safely(expression, x):
    signs = {
        ast.Add: lambda p, q: p + q,
        ast.Sub: lambda p, q: p - q,
        ast.Mult: lambda p, q: p * q,
        ast.FloorDiv: lambda p, q: p // q,
    }

    def known(node):
        if isinstance(node, ast.BinOp):
            return type(node.op) in signs and known(node.left) and known(node.right)
        if isinstance(node, ast.UnaryOp):
            return isinstance(node.op, ast.USub) and known(node.operand)
        if isinstance(node, ast.Constant):
            return isinstance(node.value, int)
        return isinstance(node, ast.Name) and node.id == "x"

    def run(node):
        if isinstance(node, ast.BinOp):
            value = signs[type(node.op)](run(node.left), run(node.right))
        elif isinstance(node, ast.UnaryOp):
            value = -run(node.operand)
        else:
            value = x if isinstance(node, ast.Name) else node.value
        if not -(10**12) <= value <= 10**12:
            raise OverflowError
        return value

    try:
        tree = ast.parse(expression, mode="eval").body
    except SyntaxError:
        return "refused", None
    try:
        return ("ok", run(tree)) if known(tree) else ("refused", None)
    except ArithmeticError:
        return "failed", None


# %% reads while it runs | says: it fails before all of it was read | falls: hidden
# What isn't allowed is only noticed when its turn comes.
def run_safely(expression, x):
    signs = {
        ast.Add: lambda p, q: p + q,
        ast.Sub: lambda p, q: p - q,
        ast.Mult: lambda p, q: p * q,
        ast.FloorDiv: lambda p, q: p // q,
    }

    def run(node):
        if isinstance(node, ast.BinOp) and type(node.op) in signs:
            value = signs[type(node.op)](run(node.left), run(node.right))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = -run(node.operand)
        elif isinstance(node, ast.Constant) and type(node.value) is int:
            value = node.value
        elif isinstance(node, ast.Name) and node.id == "x":
            value = x
        else:
            raise ValueError
        if not -(10**12) <= value <= 10**12:
            raise OverflowError
        return value

    try:
        return "ok", run(ast.parse(expression, mode="eval").body)
    except ArithmeticError:
        return "failed", None
    except (SyntaxError, ValueError):
        return "refused", None


# %% only the end is too large | says: the limit holds for every value on the way | falls: hidden
# The last value alone is compared with the limit.
def run_safely(expression, x):
    signs = {
        ast.Add: lambda p, q: p + q,
        ast.Sub: lambda p, q: p - q,
        ast.Mult: lambda p, q: p * q,
        ast.FloorDiv: lambda p, q: p // q,
    }

    def known(node):
        if isinstance(node, ast.BinOp):
            return type(node.op) in signs and known(node.left) and known(node.right)
        if isinstance(node, ast.UnaryOp):
            return isinstance(node.op, ast.USub) and known(node.operand)
        if isinstance(node, ast.Constant):
            return type(node.value) is int
        return isinstance(node, ast.Name) and node.id == "x"

    def run(node):
        if isinstance(node, ast.BinOp):
            return signs[type(node.op)](run(node.left), run(node.right))
        if isinstance(node, ast.UnaryOp):
            return -run(node.operand)
        return x if isinstance(node, ast.Name) else node.value

    try:
        tree = ast.parse(expression, mode="eval").body
    except SyntaxError:
        return "refused", None
    if not known(tree):
        return "refused", None
    try:
        value = run(tree)
    except ZeroDivisionError:
        return "failed", None
    return ("ok", value) if abs(value) <= 10**12 else ("failed", None)


# %% a failure is refused | says: a division by 0 has no value | falls: visible
# There are only two outcomes: a value or a refusal.
def run_safely(expression, x):
    signs = {
        ast.Add: lambda p, q: p + q,
        ast.Sub: lambda p, q: p - q,
        ast.Mult: lambda p, q: p * q,
        ast.FloorDiv: lambda p, q: p // q,
    }

    def run(node):
        if isinstance(node, ast.BinOp) and type(node.op) in signs:
            value = signs[type(node.op)](run(node.left), run(node.right))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = -run(node.operand)
        elif isinstance(node, ast.Constant) and type(node.value) is int:
            value = node.value
        elif isinstance(node, ast.Name) and node.id == "x":
            value = x
        else:
            raise ValueError
        if not -(10**12) <= value <= 10**12:
            raise OverflowError
        return value

    try:
        return "ok", run(ast.parse(expression, mode="eval").body)
    except (SyntaxError, ValueError, ArithmeticError):
        return "refused", None
