"""bench_table: the table that tools/bench and tools/bench-match.py print: one row a figure, its bar beside it."""

HEAD = ("what", "ours", "reference", "")


def line(what, ours, reference, verdict):
    print(f"{what:<58} {ours:>12}  {reference:<14} {verdict}".rstrip(), flush=True)


def heading(title):
    print()
    line(title, *HEAD[1:])
    print("-" * 96, flush=True)


def note(text):
    """What the rows below are about, or why there are none."""
    print(f"  ({text})", flush=True)


def row(what, figure, unit="", digits=2, at_least=None, at_most=None):
    ours = f"{figure:,.{digits}f}" + (f" {unit}" if unit else "")
    if at_least is None and at_most is None:
        return line(what, ours, "-", "")
    bars = [f"{sign} {bar:g}" for sign, bar in ((">=", at_least), ("<=", at_most)) if bar is not None]
    good = (at_least is None or figure >= at_least) and (at_most is None or figure <= at_most)
    return line(what, ours, ", ".join(bars), "reached" if good else "MISSED")
