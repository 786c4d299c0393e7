#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the hardware's counters say of the main cases: runs each under ncu, writes <chip>-ncu.json, and from it the
report and the roofline.

    ./build.sh profile                    # all main cases
    ./build.sh profile fuse               # those of one family
    ./build.sh profile CASE               # any case of any benchmark

Clocks are left alone, and each kernel begins with empty caches, whatever ran before it: times are somewhat longer than
those of the benchmarks, and those of chains of kernels clearly. Where there is no ncu, or it may not read counters, the
files say so, and on what machine that was; nothing is put in their place."""

import argparse
import csv
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

import ncu_report

HERE = pathlib.Path(__file__).resolve().parent
SHAPE = "resample/bf16/B:32/S:500/T:250/D:256"
EPISODES = "30Hzx512+100Hzx14:fp32+10Hzx7:fp32/T:250/stamps:int64/windows/episodes:200"

# Each way in which a kernel goes about its work once.
MAIN_CASES = {
    "resample": [
        *(f"{SHAPE}{variant}/cold" for variant in ("", "/source:ragged", "/method:nearest", "/method:previous")),
        *(f"{SHAPE}/method:{name}/cold" for name in ("next", "angle", "catmull_rom", "pchip", "akima")),
        "resample/bf16/B:4096/S:300/T:150/D:4/method:slerp/cold",
        "resample/bf16/B:2048/S:500/T:250/D:256/cold",
        "resample/bf16/B:1024/S:4096/T:1024/D:32/cold",
        "resample/bf16/B:4096/S:300/T:150/D:7/cold",
        "resample/bf16/B:1/S:500/T:250/D:256/cold",
        "resample_backward/bf16/B:2048/S:500/T:250/D:256/cold",
    ],
    "fuse": [
        "fuse/bf16/B:256/100x512+200x128+300x64/T:128/cold",
        "fuse/bf16/B:4/30x512+100x64+200x12/T:50/cold",
        "fuse/bf16/B:4096/100Hzx14+100Hzx7+30Hzx6/T:32/stamps:int64/windows/cold",
        f"fuse/bf16/B:256/{EPISODES}/store:device/cold",
        f"fuse/bf16/B:256/{EPISODES}/store:pinned/cold",
    ],
    "voxelize": [
        "voxelize/count/N:16M/uniform/G:256x256x256/cold",
        "voxelize/count/N:16M/scan/G:256x256x256/cold",
        "voxelize/mean/fp32/N:1M/C:16/inside/G:64x64x64/cold",
        "voxelize/mean/fp32/N:1M/C:16/inside/G:200x200x200/cold",
        "voxelize/mean/fp32/B:16/N:100k/C:4/inside/G:64x64x64/cold",
        "voxelize_backward/mean/fp32/N:1M/C:16/inside/G:64x64x64/cold",
    ],
    "voxels": [
        "voxelize_sparse/mean/fp32/N:20k/C:4/street/cold",
        "voxelize_sparse/mean/fp32/N:1M/C:4/inside/cold",
        "voxelize_gathered/fp32/N:250k/C:4/P:10/square/cold",
        "filter_voxels/fp32/N:1M/inside/leaf:0.05/cold",
    ],
    "summarize": [
        "summarize/fp32/N:3.8M/D:14/smooth/Q:2/cold",
    ],
    "clean": ["clean/fp32/N:4M/D:14/B:400/cold"],
    "policy_input": [
        "policy_input/B:4096/T:32/finished/cold",
        "policy_input/B:4096/T:32/poses/cold",
        "policy_input/B:4096/T:2+16/poses/cold",
    ],
    "points": [
        "unproject/B:32/V:2/480x640/cold",
        "unproject/B:32/V:2/480x640/dense/cold",
        "crop_points/B:32/V:2/480x640/half/cold",
        "observation/B:32/V:2/480x640/tenth/K:1024/cold",
    ],
    "sampling": [
        "sample_farthest/B:128/N:3k/K:128/uniform/hot",
        "sample_farthest/B:32/N:20k/K:1024/uniform/hot",
        "sample_farthest/B:1/N:300k/K:1024/uniform/hot",
        "sample_uniform/B:32/N:20k/K:1024/uniform/hot",
        "nearest_neighbours/B:32/M:1024/N:20k/K:16/uniform/hot",
        "within_radius/B:32/M:1024/N:20k/K:16/uniform/hot",
    ],
}

# A kernel's entry in the JSON: the counter, and what it is multiplied by. Shares are in percent of the peak.
COUNTERS = {
    "us": ("gpu__time_duration.sum", 1e-3),
    "dram_read_bytes": ("dram__bytes_read.sum", 1),
    "dram_write_bytes": ("dram__bytes_write.sum", 1),
    "dram_share": ("dram__throughput.avg.pct_of_peak_sustained_elapsed", 1),
    "l2_bytes": ("lts__t_bytes.sum", 1),
    "l2_share": ("lts__t_sectors.avg.pct_of_peak_sustained_elapsed", 1),
    "host_bytes": ("lts__d_sectors_fill_sysmem.sum", 32),
    "l1_hits": ("l1tex__t_sector_hit_rate.pct", 1),
    "l2_hits": ("lts__t_sector_hit_rate.pct", 1),
    "sm_share": ("sm__throughput.avg.pct_of_peak_sustained_elapsed", 1),
    "issue_share": ("smsp__issue_active.avg.pct_of_peak_sustained_elapsed", 1),
    "occupancy": ("sm__warps_active.avg.pct_of_peak_sustained_active", 1),
    "possible_occupancy": ("sm__maximum_warps_per_active_cycle_pct", 1),
    "instructions": ("smsp__inst_executed.sum", 1),
    "registers": ("launch__registers_per_thread", 1),
    "static_shared_bytes": ("launch__shared_mem_per_block_static", 1),
    "dynamic_shared_bytes": ("launch__shared_mem_per_block_dynamic", 1),
    "blocks": ("launch__grid_size", 1),
    "threads": ("launch__block_size", 1),
    "waves": ("launch__waves_per_multiprocessor", 1),
}
STALL = "smsp__average_warps_issue_stalled_{}_per_issue_active.ratio"
STALLS = [
    *("barrier", "branch_resolving", "dispatch_stall", "drain", "gmma", "imc_miss", "lg_throttle", "long_scoreboard"),
    *("math_pipe_throttle", "membar", "mio_throttle", "misc", "no_instruction", "not_selected", "selected"),
    *("short_scoreboard", "sleeping", "tex_throttle", "wait"),
]


# Whose program has a case, where its first word is not that program's stem.
FAMILIES = {
    "find_bounds": "voxelize",
    "voxelize_sparse": "voxels",
    "voxelize_gathered": "voxels",
    "filter_voxels": "voxels",
    "unproject": "points",
    "crop_points": "points",
    "observation": "points",
    "sample_farthest": "sampling",
    "sample_uniform": "sampling",
    "nearest_neighbours": "sampling",
    "within_radius": "sampling",
}


def family_of(case):
    """Whose program has the case: bench_resample, ..."""
    stem = case.split("/")[0].removesuffix("_backward")
    return FAMILIES.get(stem, stem)


def elements_of(case):
    """How many numbers a call writes, or takes points where their voxels are fewer; None where the name does not say."""

    def size(letter):
        found = re.search(rf"/{letter}:(\d+(?:\.\d+)?)([kM]?)", case)
        return round(float(found.group(1)) * {"": 1, "k": 10**3, "M": 10**6}[found.group(2)]) if found else 1

    stem, what = case.split("/")[:2]
    if images := re.search(r"/V:(\d+)/(\d+)x(\d+)", case):
        return size("B") * int(images.group(1)) * int(images.group(2)) * int(images.group(3))
    if stem in ("resample", "resample_backward"):
        return size("B") * size("T" if stem == "resample" else "S") * size("D")
    if stem == "fuse":
        return size("B") * size("T") * sum(int(channels) for channels in re.findall(r"\d+(?:Hz)?x(\d+)", case))
    if stem == "voxelize_backward":
        return size("N") * size("C")
    if stem in ("summarize", "clean"):
        return size("N") * size("T") * size("D")
    if stem == "policy_input":
        return None
    if stem == "voxelize" and (grid := re.search(r"/G:(\d+)x(\d+)x(\d+)", case)):
        numbers = sum(size("C") if part in ("sum", "mean", "max", "min") else 1 for part in what.split("+"))
        return size("B") * numbers * int(grid.group(1)) * int(grid.group(2)) * int(grid.group(3))
    return size("B") * size("N") if stem != "voxelize" and "/N:" in case else None


def number(text):
    """A cell of ncu's table; None where it has no figure."""
    try:
        return float(text.replace(",", ""))
    except (AttributeError, ValueError):
        return None


def kernels_in(text):
    """The kernels of `ncu --csv --page raw --print-units base`, in the order of their launches."""
    lines = text.splitlines()
    begin = next((i for i, line in enumerate(lines) if line.startswith('"ID"')), len(lines))
    kernels = []
    for row in csv.DictReader(lines[begin:]):
        if number(row["ID"]) is None:
            continue  # the units
        kernel = {"name": re.sub(r"<.*|\(.*", "", row["Kernel Name"]).split("::")[-1]}
        for key, (counter, scale) in COUNTERS.items():
            found = number(row.get(counter))
            kernel[key] = None if found is None else round(found * scale, 4)
        waits = {reason: number(row.get(STALL.format(reason))) or 0.0 for reason in STALLS}
        total = sum(waits.values())
        # Of the time that a warp spends between two instructions.
        kernel["stalls"] = {reason: round(100 * of / total, 2) for reason, of in waits.items() if of > 0}
        kernels.append(kernel)
    return kernels


def complaint_of(*texts):
    """Why ncu gave no counters, in its own words."""
    lines = [line.strip() for text in texts for line in text.splitlines()]
    said = [line for line in lines if "ERROR" in line or "ERR_" in line]
    return said[0] if said else "ncu gave no counters, and did not say why"


def entries_of(cases, table, said):
    """Entries of cases that one program ran: its lines say which, an empty kernel comes between two."""
    groups = [[]]
    for kernel in kernels_in(table):
        if kernel["name"] == "empty":
            groups.append([])
        elif kernel["us"] is not None:
            groups[-1].append(kernel)
    entries = {case: empty_entry(case) for case in cases}
    known = [json.loads(line) for line in said.splitlines() if line.startswith('{"case"')]
    for case, kernels in zip(known, groups):
        entry = entries[case["case"]]
        entry["bytes"] = case["bytes"]
        entry["elements"] = elements_of(case["case"])
        entry["kernels"] = kernels
    return list(entries.values())


def profile(cases, program, ncu, timeout):
    """Entries of cases of one program, and why there are no counters."""
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "ncu.csv"
        counters = [counter for counter, _ in COUNTERS.values()] + [STALL.format(reason) for reason in STALLS]
        command = [ncu, "--csv", "--page", "raw", "--print-units", "base", "--print-kernel-base", "function"]
        command += ["--log-file", str(log), "--clock-control", "none", "--profile-from-start", "off"]
        command += ["--metrics", ",".join(counters), str(program)]
        command += [word for case in cases for word in ("--profile", case)]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=timeout * len(cases))
            said, status = done.stdout + done.stderr, done.returncode
        except subprocess.TimeoutExpired:
            said, status = f"ERROR: no answer within {timeout} s for each case", 1
        table = log.read_text(encoding="utf-8") if log.exists() else ""
    entries = entries_of(cases, table, said)
    missing = [entry for entry in entries if not entry["kernels"]]
    if not missing:
        return entries, ""
    if len(missing) < len(cases) or (status != 0 and "ERR" not in said + table):
        # The program failed, not ncu.
        sys.exit(f"{missing[0]['name']}: {said.strip().splitlines()[-1] if said.strip() else f'{program} failed'}")
    return entries, complaint_of(table, said)


def empty_entry(case):
    return {"name": case, "family": family_of(case), "bytes": None, "elements": None, "kernels": []}


def beside_known(report, path):
    """The report, with those cases of the file that were not run again, in the order of the main cases."""
    if not path.exists():
        return report
    known = json.loads(path.read_text(encoding="utf-8"))
    if report["note"] and not known["note"]:
        sys.exit(f"{path} has counters and is left as it is")
    entries = {case["name"]: case for case in known["cases"] + report["cases"]}
    order = [*chosen_cases(None), *entries]
    report["cases"] = [entries[name] for name in dict.fromkeys(order) if name in entries]
    return report


def output_of(*command):
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def machine():
    """What the figures depend on, and what decides whether there are any."""
    gpu = output_of("nvidia-smi", "--id=0", "--format=csv,noheader", "--query-gpu=name,driver_version")
    name, _, driver = gpu.partition(", ")
    compiler = re.search(r"release ([\d.]+)", output_of("nvcc", "--version"))
    boards = [pathlib.Path("/sys/class/dmi/id") / field for field in ("sys_vendor", "product_name")]
    board = " ".join(path.read_text().strip() for path in boards if path.exists())
    virtual = output_of("systemd-detect-virt")
    return {
        "benchmark": "ncu",
        "commit": os.environ.get("ROBOCACHE_COMMIT") or output_of("git", "rev-parse", "--short", "HEAD"),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "chip": name or "no GPU",
        "driver": driver,
        "cuda": compiler.group(1) if compiler else "",
        "runtime": ", ".join(filter(None, (f"{platform.system()} {platform.release()}", board, virtual))),
        "ncu": "",
        "note": "",
        "cases": [],
    }


def chosen_cases(wanted):
    if wanted is None:
        return [case for cases in MAIN_CASES.values() for case in cases]
    return MAIN_CASES.get(wanted, [wanted])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("cases", nargs="?", metavar="FAMILY|CASE", help=f"{', '.join(MAIN_CASES)}, or a case's name")
    parser.add_argument("--programs", type=pathlib.Path, required=True, help="the folder of bench_resample and others")
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "results", help="where to write (bench/results)")
    parser.add_argument("--timeout", type=int, default=60, help="seconds that a case may take (60)")
    args = parser.parse_args()

    report = machine()
    ncu = shutil.which("ncu")
    if ncu is None:
        report["note"] = "found no ncu in PATH"
    else:
        version = re.search(r"Version ([\d.]+)", output_of(ncu, "--version"))
        report["ncu"] = version.group(1) if version else "unknown"
    for family in dict.fromkeys(map(family_of, chosen_cases(args.cases))):
        cases = [case for case in chosen_cases(args.cases) if family_of(case) == family]
        entries = [empty_entry(case) for case in cases]
        if not report["note"]:
            entries, report["note"] = profile(cases, args.programs / f"bench_{family}", ncu, args.timeout)
        for entry in entries:
            report["cases"].append({**entry, "commit": report["commit"]})
            print(f"{entry['name']}: {ncu_report.bound_of(entry) if entry['kernels'] else 'no counters'}", flush=True)
    if report["note"]:
        print(f"no counters: {report['note']} ({report['runtime']})", file=sys.stderr)
    args.out.mkdir(parents=True, exist_ok=True)
    stem = args.out / f"{ncu_report.short_name(report['chip'])}-ncu"
    report = beside_known(report, stem.with_suffix(".json"))
    stem.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    stem.with_suffix(".md").write_text(ncu_report.as_markdown(report), encoding="utf-8")
    print(stem.with_suffix(".md"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
