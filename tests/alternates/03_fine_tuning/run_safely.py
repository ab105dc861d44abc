# %% a stack of values
# Writes the tree down from the leaves to the root, then computes with a stack.
def run_safely(expression, x):
    limit, order = 10**12, []
    try:
        todo = [ast.parse(expression, mode="eval").body]
    except (SyntaxError, ValueError):
        return ("refused", None)
    while todo:
        node = todo.pop()
        order.append(node)
        match node:
            case ast.BinOp(
                left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.FloorDiv(), right=r
            ):
                todo += [left, r]
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                todo.append(inner)
            case ast.Name(id="x"):
                pass
            case ast.Constant(value=int() as number) if not isinstance(number, bool):
                pass
            case _:
                return ("refused", None)
    stack = []
    for node in reversed(order):
        if isinstance(node, ast.BinOp):
            right, left = stack.pop(), stack.pop()
            if isinstance(node.op, ast.FloorDiv) and right == 0:
                return ("failed", None)
            match node.op:
                case ast.Add():
                    value = left + right
                case ast.Sub():
                    value = left - right
                case ast.Mult():
                    value = left * right
                case _:
                    value = left // right
        elif isinstance(node, ast.UnaryOp):
            value = -stack.pop()
        else:
            value = x if isinstance(node, ast.Name) else node.value
        if not -limit <= value <= limit:
            return ("failed", None)
        stack.append(value)
    return ("ok", stack[0])
