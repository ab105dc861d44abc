"""The live part of lesson 04: one input for three kinds of model.

It needs torch, which isn't there where the lesson is read in a browser: one sentence says so.
"""

from course.language import N_, _
from course.show import sources, style
from course.show.style import say

NO_TORCH = N_("This demo needs torch, which isn't here; the lesson goes on without it.")
OTHERS = ("Which animal lives with Clara?", "How old is the mill?", "x = 3 + 4")


def one_input(text: str) -> None:
    """Show what an embedding model, a code model and a base model make of the same text."""
    try:
        import torch
    except ImportError:
        say(_(NO_TORCH))
        return
    if found := sources.load_model("all-MiniLM-L6-v2"):
        name, model, tokenizer = found
        with torch.no_grad():  # a text at a time, so that nothing is padded
            vectors = [
                model(**tokenizer(t, return_tensors="pt"))[0][0].mean(0) for t in (text, *OTHERS)
            ]
        start = ", ".join(f"{number:.3f}" for number in vectors[0][:6].tolist())
        say(
            _("{name}, an embedding model, gives {n} numbers: {start}, …").format(
                name=name, n=len(vectors[0]), start=start
            )
        )
        near = [torch.cosine_similarity(vectors[0], v, dim=0).item() for v in vectors[1:]]
        style.show(
            style.table(
                [
                    {_("compared with"): t, _("cosine"): f"{c:.2f}"}
                    for t, c in zip(OTHERS, near, strict=True)
                ]
            )
        )
    for kind, name in ((_("a code model"), "mini-code"), (_("a base model"), "mini-davinci")):
        if found := sources.load_model(name, quiet=True):
            from course.lm import sample

            draws = [sample.continue_text(*found[1:], text, seed=s, new_tokens=30) for s in (0, 1)]
            say(_("{name}, {kind}, goes on in two draws with:").format(name=name, kind=kind))
            style.show(style.table([{_("it writes"): d.strip() or _("(nothing)")} for d in draws]))
        else:
            say(
                _("{name}, {kind}, isn't on this computer; lesson 03 is about it.").format(
                    name=name, kind=kind
                )
            )
