# SPDX-License-Identifier: Apache-2.0
"""A table and a chart of what loader.py measured: report.py loader.json [more.json] writes bench/results/CHIP-loader.*

Later files replace the parts that they have.
"""

import json
import sys
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[1] / "results"
# What a figure must be: (part, what, of what, least ratio).
MUSTS = (
    ("large", "ours, pinned", "ceiling, gather", 0.85),
    ("small", "ours, device", "LeRobotDataset + DataLoader", 50.0),
)


def best(rows, part, what, figure="windows"):
    found = [row[figure] for row in rows if row["part"] == part and row["what"] == what and figure in row]
    return max(found, default=None)


def table(rows, part, columns):
    """Markdown of a part's rows."""
    lines = ["| " + " | ".join(["", *columns]) + " |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        if row["part"] == part and any(column in row for column in columns):
            cells = [row.get(column, "") for column in columns]
            cells = [f"{one:,.0f}" if isinstance(one, float) and one >= 100 else f"{one:.3g}" if isinstance(one, float)
                     else str(one) for one in cells]  # fmt: skip
            lines.append(f"| {row['what']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def ratios(rows):
    lines = ["| | of | ratio | must | note |", "|---|---|---|---|---|"]
    pairs = [*MUSTS, *(("large", f"ours, {place}", "NumPy + DataLoader", None) for place in ("pinned", "disk"))]
    pairs += [("large", "ours, disk", f"ceiling, disk, {of}", None) for of in ("windows", "4 MB")]
    others = "NumPy + DataLoader", "LeRobotDataset + DataLoader"
    small = [("small", f"ours, {place}", of, None) for of in others for place in ("device", "pinned", "disk")]
    pairs += [one for one in small if (*one[:3], 50.0) not in MUSTS]
    for part, what, of, must in pairs:
        figure = "gb_per_s" if "disk" in of else "windows"
        found, base = (best(rows, part, one, figure) for one in (what, of))
        if found is None or base is None:
            lines.append(f"| {part}: {what} | {of} | not measured | {must or ''} | |")
        else:
            notes = {row["note"] for row in rows if (row["part"], row["what"]) == (part, of) and "note" in row}
            lines.append(f"| {part}: {what} | {of} | {found / base:,.3g} | {must or ''} | {'; '.join(notes)} |")
    return "\n".join(lines)


def draw(about, rows, path):
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "loader"
    from matplotlib import pyplot

    parts = [("large", "windows", "windows of 5 s a second, store of 20 GB"),
             ("small", "windows", "windows a second, states and chunks of 100 actions"),
             ("train", "steps", "training steps a second")]  # fmt: skip
    parts = [one for one in parts if any(row["part"] == one[0] and one[1] in row for row in rows)]
    found = {part: [row for row in rows if row["part"] == part and unit in row] for part, unit, _ in parts}
    bars = [2 + len(of) for of in found.values()]
    figure, axes = pyplot.subplots(
        len(parts), 1, figsize=(8, 0.2 * sum(bars)), height_ratios=bars, squeeze=False, layout="constrained"
    )
    for ax, (part, unit, title) in zip(axes[:, 0], parts):
        of = sorted(found[part], key=lambda row: (row.get("policy", ""), row.get("batch", 0)))
        words = ("policy", "batch", "workers", "threads", "multiprocessors")
        names = [", ".join([row["what"], *(f"{word} {row[word]}" for word in words if word in row)]) for row in of]
        values = [row[unit] for row in of]
        drawn = ax.barh(names, values, color=["C0" if row["what"].startswith("ours") else "0.7" for row in of])
        ax.bar_label(drawn, [f"{one:,.0f}" for one in values], fontsize=7, padding=2)
        ax.set_xscale("log")
        ax.set_xlim(min(values) / 3, max(values) * 6)
        ax.tick_params(labelsize=7)
        ax.invert_yaxis()
        ax.set_title(f"{title} ({about['chip']})", fontsize=9)
    figure.savefig(path, metadata={"Date": None})


def main(files):
    reports = [json.loads(Path(file).read_text()) for file in files]
    about, rows = reports[-1], []
    for report in reports:
        parts = {row["part"] for row in report["rows"] if row["what"] != "failed"}
        rows = [row for row in rows if row["part"] not in parts]
        rows += [{"commit": report["commit"]} | row for row in report["rows"] if row["what"] != "failed"]
    chip = about["chip"].split()[-1].lower()
    commits = ", ".join(dict.fromkeys(row["commit"] for row in rows))
    text = f"""# Loaders on {about['chip']}

By bench/loader/loader.py at commit {commits}; driver {about['driver']}, PyTorch {about['pytorch']},
{about['cores']} cores, {about['date']}. Windows and steps are per second. The parts are described in [bench/README.md](../README.md#loaders).

![Chart]({chip}-loader.svg)

{ratios(rows)}

## A store of 20 GB

{table(rows, "large", ["batch", "workers", "threads", "windows", "gb_per_s", "note"])}

## States and chunks of actions

{table(rows, "small", ["batch", "workers", "windows"])}

## Training

{table(rows, "train", ["policy", "batch", "workers", "multiprocessors", "steps", "of_ready_made", "note"])}
"""
    (RESULTS / f"{chip}-loader.md").write_text(text)
    draw(about, rows, RESULTS / f"{chip}-loader.svg")
    (RESULTS / f"{chip}-loader.json").write_text(json.dumps(about | {"rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
