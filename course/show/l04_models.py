"""The live parts of lesson 04: one input for three kinds of model, and strength against time.

Both need torch, which isn't there where the lesson is read in a browser: one sentence says so.
"""

from typing import Any

from course.show import l04_family, sources, style
from course.show.style import say

NO_TORCH = "This demo needs torch, which isn't here; the lesson goes on without it."
OTHERS = ("Which animal lives with Clara?", "How old is the mill?", "x = 3 + 4")


def one_input(text: str) -> None:
    """Show what an embedding model, a code model and a base model make of the same text."""
    try:
        import torch
    except ImportError:
        say(NO_TORCH)
        return
    if found := sources.load_model("all-MiniLM-L6-v2"):
        name, model, tokenizer = found
        with torch.no_grad():  # a text at a time, so that nothing is padded
            vectors = [
                model(**tokenizer(t, return_tensors="pt"))[0][0].mean(0) for t in (text, *OTHERS)
            ]
        start = ", ".join(f"{number:.3f}" for number in vectors[0][:6].tolist())
        say(f"{name}, an embedding model, gives {len(vectors[0])} numbers: {start}, …")
        near = [torch.cosine_similarity(vectors[0], v, dim=0).item() for v in vectors[1:]]
        style.show(
            style.table(
                [
                    {"compared with": t, "cosine": f"{c:.2f}"}
                    for t, c in zip(OTHERS, near, strict=True)
                ]
            )
        )
    for kind, name in (("a code model", "mini-code"), ("a base model", "mini-davinci")):
        if found := sources.load_model(name, quiet=True):
            from course.lm import sample

            draws = [sample.continue_text(*found[1:], text, seed=s, new_tokens=30) for s in (0, 1)]
            say(f"{name}, {kind}, goes on in two draws with:")
            style.show(style.table([{"it writes": d.strip() or "(nothing)"} for d in draws]))
        else:
            say(f"{name}, {kind}, isn't on this computer; lesson 03 is about it.")


def speed_against_strength(good_enough: float, of_the_slowest: float) -> None:
    """Measure how long models of six sizes take, and show which meet a need.

    Parameters
    ----------
    good_enough : float
        Share of the facts that the model must know (from the recorded run).
    of_the_slowest : float
        Part of the slowest model's time that it may take (measured now).
    """
    sweep = sources.record("sweep")
    if sweep is None:
        return
    try:
        from course.studies.l04_pace import seconds_for_an_answer
    except ImportError:
        say(NO_TORCH)
        return
    points = sorted(sweep["points"], key=lambda point: point["parameters"])
    seconds = seconds_for_an_answer([(p["layers"], p["width"]) for p in points])
    rows: list[dict[str, Any]] = [
        {
            "name": f"{p['layers']} × {p['width']}",
            "quality": p["recall"],
            "seconds": s,
            "cost": p["parameters"],
        }
        for p, s in zip(points, seconds, strict=True)
    ]
    need = {"quality": good_enough, "seconds": of_the_slowest * max(seconds)}
    shown = [
        {
            "layers × width": r["name"],
            "cost (parameters)": f"{r['cost']:,}",
            "knows": f"{r['quality']:.0%}",
            "good enough": "yes" if r["quality"] >= need["quality"] else "no",
            "milliseconds": f"{1000 * r['seconds']:.0f}",
            "fast enough": "yes" if r["seconds"] <= need["seconds"] else "no",
        }
        for r in rows
    ]
    style.show(l04_family.speed_strength(rows, need), style.table(shown))
    dearer, slower = (rows[-1][key] / rows[0][key] for key in ("cost", "seconds"))
    say(
        f"The largest costs {dearer:,.0f} times as much as the smallest "
        f"and takes {slower:.1f} times as long."
    )
