# SPDX-License-Identifier: Apache-2.0
"""The report of ncu.py: a row for each case and kernel, and a sentence for each case that says what bounds it, made from
the row's own counters by the rules in `bound_of`."""

import re

from words import describe

TITLES = {
    "resample": "Resample",
    "fuse": "Fuse",
    "voxelize": "Voxelize, dense",
    "voxels": "Voxelize, sparse and gathered; filter",
    "summarize": "Summaries",
    "clean": "Cleaning",
    "policy_input": "Policy inputs",
    "points": "Points",
}

# From this share of its peak on a unit is what bounds a kernel. Copies reach some 90 % of the memory's.
BUSY_MEMORY = 65.0
BUSY_UNIT = 60.0

# So many kernels, all shorter than so many microseconds, are bound by each beginning where the one before has ended.
MANY_KERNELS = 4
SHORT = 12.0

# What a warp waits for between two instructions, in the words of Nsight Compute's guide made short.
WAITS = {
    "barrier": "other warps at a barrier",
    "branch_resolving": "a branch's target",
    "dispatch_stall": "the dispatcher",
    "drain": "its last stores to leave",
    "gmma": "matrix instructions",
    "imc_miss": "constants that are not cached",
    "lg_throttle": "a place in the queue of global and local memory",
    "long_scoreboard": "data from L1, L2 or memory",
    "math_pipe_throttle": "an arithmetic unit that is taken",
    "membar": "a memory fence",
    "mio_throttle": "a place in the queue of shared memory",
    "misc": "other reasons",
    "no_instruction": "instructions to be fetched",
    "not_selected": "its turn, other warps being ready too",
    "short_scoreboard": "data from shared memory",
    "sleeping": "the end of its sleep",
    "tex_throttle": "a place in the queue of textures",
    "wait": "the fixed latency of the instruction before",
}


def short_name(chip):
    """h200 of NVIDIA H200, as in the names of all results."""
    return re.sub(r"[^a-z0-9]+", "-", chip.lower().removeprefix("nvidia")).strip("-")


def total(kernels, *keys):
    """The sum over kernels; None where one has no figure."""
    figures = [kernel[key] for kernel in kernels for key in keys]
    return None if not figures or None in figures else sum(figures)


def longest_of(case):
    return max(case["kernels"], key=lambda kernel: kernel["us"])


def waits_of(kernel, most=3):
    """The reasons for which a warp of it waits longest, with their shares in percent."""
    stalls = [(share, reason) for reason, share in kernel["stalls"].items() if reason != "selected"]
    return [(reason, share) for share, reason in sorted(stalls, reverse=True)[:most]]


def times_the_fewest(case):
    """Bytes that crossed the memory's pins over the fewest that the call must move."""
    moved = total(case["kernels"], "dram_read_bytes", "dram_write_bytes")
    return moved / case["bytes"] if moved is not None and case["bytes"] else None


def instructions_each(case):
    """Instructions of threads for each number of the result."""
    issued = total(case["kernels"], "instructions")
    return 32 * issued / case["elements"] if issued is not None and case["elements"] else None


def units_of(kernel):
    shares = {"memory": kernel["dram_share"], "L2": kernel["l2_share"], "instructions": kernel["issue_share"]}
    return ", ".join(f"{unit} {share:.0f} %" for unit, share in shares.items() if share is not None)


def longest_wait(kernel):
    waits = waits_of(kernel, 1)
    if not waits:
        return ""
    reason, share = waits[0]
    return f"a warp spends {share:.0f} % of its time waiting for {WAITS.get(reason, reason)}"


def room_of(kernel):
    """How full its multiprocessors are, and what they could hold."""
    if kernel["occupancy"] is None or kernel["possible_occupancy"] is None:
        return ""
    shared = f" and {shared_bytes(kernel) / 1024:.1f} kB of shared memory" if shared_bytes(kernel) else ""
    return (
        f"multiprocessors hold {kernel['occupancy']:.0f} % of the warps that they have room for, of "
        f"{kernel['possible_occupancy']:.0f} % that {kernel['registers']:.0f} registers{shared} allow"
    )


def shared_bytes(kernel):
    return (kernel["static_shared_bytes"] or 0) + (kernel["dynamic_shared_bytes"] or 0)


def launches_of(case):
    """What is said of a chain of short kernels."""
    times = [kernel["us"] for kernel in case["kernels"]]
    busiest = max(kernel[key] or 0.0 for kernel in case["kernels"] for key in ("dram_share", "l2_share", "issue_share"))
    return (
        f"Launches: {len(times)} kernels of {min(times):.1f} to {max(times):.1f} us, one after the other, and no unit above "
        f"{busiest:.0f} % of its peak in any of them."
    )


def limit_of(case):
    """The first words of the sentence: what bounds the case."""
    return re.sub(r"^`.*?kernels\. ", "", bound_of(case)).split(":")[0]


def bound_of(case):
    """One sentence, of the longest kernel's counters; the first rule that fits."""
    kernel = longest_of(case)
    who = ""
    if len(case["kernels"]) > 1:
        share = 100 * kernel["us"] / total(case["kernels"], "us")
        who = f"`{kernel['name']}` has {share:.0f} % of the time of {len(case['kernels'])} kernels. "
    if len(case["kernels"]) >= MANY_KERNELS and kernel["us"] < SHORT:
        return launches_of(case)
    memory, l2, issue = (kernel[key] or 0.0 for key in ("dram_share", "l2_share", "issue_share"))
    from_host = kernel["host_bytes"] or 0.0
    if from_host > (kernel["dram_read_bytes"] or 0.0):
        rate = from_host / kernel["us"] * 1e-3
        return f"{who}The link to the host: {rate:.1f} GB/s cross it ({units_of(kernel)})."
    if memory >= BUSY_MEMORY:
        over = times_the_fewest(case)
        moved = "" if over is None else f", with {over:.2f} times the fewest bytes"
        return f"{who}Memory: {memory:.0f} % of its peak{moved}."
    if issue >= BUSY_UNIT:
        each = instructions_each(case)
        count = "" if each is None else f", {each:.0f} for each number"
        return f"{who}Instructions: one is issued in {issue:.0f} % of the cycles{count}; memory {memory:.0f} %."
    if l2 >= BUSY_UNIT:
        return f"{who}The L2 cache: {l2:.0f} % of its peak; memory {memory:.0f} %, instructions {issue:.0f} %."
    reasons = "; ".join(filter(None, (longest_wait(kernel), room_of(kernel))))
    if kernel["waves"] is not None and kernel["waves"] <= 1:
        size = f"its {kernel['blocks']:.0f} blocks run at once and fill {100 * kernel['waves']:.0f} % of the chip"
        return f"{who}Latency: {size} ({units_of(kernel)}); {reasons}."
    return f"{who}Latency: no unit is near its peak ({units_of(kernel)}); {reasons}."


HEADS = [
    *("case, or a kernel of it", "us", "DRAM MB", "over the fewest", "DRAM %", "L2 MB", "L2 %", "L1 hits %"),
    *("L2 hits %", "SM %", "issue %", "occupancy %", "registers", "shared kB", "instructions each", "waits for, %"),
]


def cell(figure, digits=0, scale=1.0):
    return "" if figure is None else f"{figure * scale:.{digits}f}"


def row(name, kernels, over=None, each=None):
    """A row of one kernel, or of all together: then what cannot be added up is empty."""
    one = kernels[0] if len(kernels) == 1 else {}
    waits = ", ".join(f"{reason} {share:.0f}" for reason, share in waits_of(one)) if one else ""
    return [
        *(name, cell(total(kernels, "us"), 2), cell(total(kernels, "dram_read_bytes", "dram_write_bytes"), 2, 1e-6)),
        *(cell(over, 2), cell(one.get("dram_share")), cell(total(kernels, "l2_bytes"), 2, 1e-6)),
        *(cell(one.get(key)) for key in ("l2_share", "l1_hits", "l2_hits", "sm_share", "issue_share", "occupancy")),
        *(cell(one.get("registers")), cell(shared_bytes(one), 1, 1 / 1024) if one else "", cell(each), waits),
    ]


def rows_of(case, place=""):
    """@param place  the case's number in the roofline"""
    kernels = case["kernels"]
    if not kernels:
        return [[case["name"]] + [""] * (len(HEADS) - 1)]
    lines = [row(f"{place} {case['name']}".strip(), kernels, times_the_fewest(case), instructions_each(case))]
    if len(kernels) > 1:
        lines += [row(f"· {kernel['name']}", [kernel]) for kernel in kernels]
    return lines


def table(lines):
    yield "| " + " | ".join(HEADS) + " |"
    yield "|---|" + "---:|" * (len(HEADS) - 2) + "---|"
    for line in lines:
        yield "| " + " | ".join(line) + " |"


EXPLANATION = (
    "One call of each case under ncu, clocks as they are. Each kernel begins with empty caches, so times are longer than "
    "in the benchmarks' tables, above all those of several kernels, which are listed below their case. Shares are of the "
    "peak, over the kernel's whole time. DRAM MB: what was read and written within that time; over the fewest: of the "
    "bytes that the call must move, less than 1 where results were still in the L2 cache at the end. Instructions each: "
    "of threads, for each number of the result; of voxels without a grid, for each point. Waits: the three reasons for "
    "which a warp waits longest between two instructions, in Nsight Compute's words."
)


def as_markdown(report):
    commits = ", ".join(dict.fromkeys(case["commit"] for case in report["cases"])) or "unknown"
    lines = [
        f"# Counters on {report['chip']}",
        "",
        f"Commit {commits}, {report['date']}; driver {report['driver']}, CUDA {report['cuda']}; "
        + f"Nsight Compute {report['ncu'] or 'not found'}; {report['runtime']}.",
        "",
    ]
    if report["note"]:
        lines += [f"**No counters could be read here, so the columns are empty:** {report['note']}", ""]
    lines += [
        EXPLANATION,
        "",
    ]
    measured = [case["name"] for case in report["cases"] if case["kernels"]]
    places = {name: f"{i}." for i, name in enumerate(measured, 1)}
    for family in dict.fromkeys(case["family"] for case in report["cases"]):
        cases = [case for case in report["cases"] if case["family"] == family]
        lines += [
            f"## {TITLES.get(family, family)}",
            "",
            *table(line for case in cases for line in rows_of(case, places.get(case["name"], ""))),
            "",
        ]
        lines += [
            f"- **{places[case['name']]}** {describe(case['name'])}: {bound_of(case)}"
            for case in cases
            if case["kernels"]
        ]
        lines += [""] if any(case["kernels"] for case in cases) else []
    return "\n".join(lines).rstrip() + "\n"
