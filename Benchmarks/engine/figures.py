"""What was measured, and how it is printed."""

import math
from dataclasses import asdict, dataclass, field


@dataclass
class Figure:
    """One line of the table: ours, the reference, and how they relate."""

    what: str
    ours: float
    unit: str
    reference: float | None
    reference_name: str
    ratio: float | None
    target: str
    is_met: bool | None


@dataclass
class RowFigures:
    """The figures and remarks of one row."""

    name: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def compare(self, what, ours, unit, reference, reference_name, at_least=None, at_most=None):
        """Adds a figure that is judged by its ratio to a reference."""
        ratio = ours / reference if reference else math.nan
        target, is_met = judged(ratio, at_least, at_most, " of it")
        self._add(Figure(what, ours, unit, reference, reference_name, ratio, target, is_met))

    def value(self, what, ours, unit, at_least=None, at_most=None):
        """Adds a figure that stands for itself."""
        target, is_met = judged(ours, at_least, at_most, f" {unit}")
        self._add(Figure(what, ours, unit, None, "", None, target, is_met))

    def note(self, text):
        """Adds a remark: a raised setting, a reference's settings."""
        self.notes.append(text)
        print(f"  ({text})", flush=True)

    def _add(self, figure):
        self.figures.append(figure)
        print("  " + " | ".join(cell for cell in cells(figure) if cell), flush=True)


class Figures:
    """The figures of all rows."""

    def __init__(self):
        self.rows: dict[str, RowFigures] = {}

    def row(self, name) -> RowFigures:
        return self.rows.setdefault(name, RowFigures(name))

    def note(self, name, text):
        self.row(name).notes.append(text)

    def table(self) -> str:
        lines = ["| row | what | qkron | reference | ratio | to reach | |", "|" + " --- |" * 7]
        for row in self.rows.values():
            for figure in row.figures:
                lines.append(f"| {row.name} | " + " | ".join(cells(figure)) + " |")
        for row in self.rows.values():
            lines += [""] if row.notes else []
            lines += [f"{row.name}: {note}" for note in row.notes]
        return "\n".join(lines)

    def as_json(self):
        return {name: asdict(row) for name, row in self.rows.items()}


def judged(value, at_least, at_most, suffix):
    """What is to be reached, in words, and whether it is."""
    if at_least is not None:
        return f"≥ {at_least:g}{suffix}", value >= at_least
    if at_most is not None:
        return f"≤ {at_most:g}{suffix}", value <= at_most
    return "", None


def cells(figure) -> list[str]:
    reference = "" if figure.reference is None else f"{number(figure.reference)} {figure.reference_name}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    verdict = {True: "reached", False: "MISSED", None: ""}[figure.is_met]
    return [figure.what, f"{number(figure.ours)} {figure.unit}", reference, ratio, figure.target, verdict]


def number(value) -> str:
    if value != value:
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def percentile(values, share):
    """The smallest value that at least this share of the values does not exceed."""
    values = sorted(values)
    return values[max(0, math.ceil(share * len(values)) - 1)] if values else math.nan
