#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes anew what readers see of the measurements: the tables of docs/results.md and README.md and the charts, from the
JSON in bench/results.

python3 bench/page.py            # after new results
python3 bench/page.py --check    # fails where a table is not of the results that are there

A table is between two comments with its name; all else on the page is written by hand."""

import argparse
import json
import pathlib
import re
import sys

import ncu_report
from words import SCENES, describe

ROOT = pathlib.Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "results.md"
PAGES = (PAGE, ROOT / "README.md")
CHIP = "h200"
# Peak rates of memory in GB/s, by its clock and width.
PEAK = {"NVIDIA H200": 4814, "NVIDIA H100 80GB HBM3": 3352}
BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def read(path):
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


class Results:
    """All that was measured on one chip."""

    def __init__(self, folder=RESULTS, chip=CHIP):
        self.runs = {family: read(folder / f"{chip}-{family}.json") for family in ncu_report.TITLES}
        self.runs = {family: run for family, run in self.runs.items() if run}
        self.cases = {case["name"]: case for run in self.runs.values() for case in run["cases"] if not case["error"]}
        counters = read(folder / f"{chip}-ncu.json")
        self.counters = {case["name"]: case for case in counters["cases"] if case["kernels"]} if counters else {}
        self.peers = [read(path) for path in sorted(folder.glob(f"{chip}-torch-*.json"))]
        self.libraries = [read(path) for path in sorted(folder.glob(f"{chip}-cupy-*.json"))]
        self.libraries += [report for report in [read(folder / "scipy-resample.json")] if report]
        self.training = read(folder / f"{chip}-pytorch-training.json")
        self.chip = next(iter(self.runs.values()))["chip"]

    def peer(self, case, key):
        """What a peer's case of this name took; it had the same input, or the figure would say nothing."""
        for report in self.peers + self.libraries:
            for other in report["cases"]:
                if other["name"] == case["name"] and other.get(key):
                    if other["checksum"] != case["checksum"]:
                        sys.exit(f"{case['name']}: the peer was given other inputs (checksums differ)")
                    return other[key]
        return None

    def limit(self, case):
        known = self.counters.get(case["name"])
        return ncu_report.limit_of(known).lower() if known else ""


def microseconds(figure):
    return (
        ""
        if not figure
        else f"{figure:.2f}"
        if figure < 9.995
        else f"{figure:,.1f}"
        if figure < 999.5
        else f"{figure:,.0f}"
    )


WORDS = ("bound by", "library", "peer")  # columns of words, the others are numbers


def table(heads, lines):
    yield "| " + " | ".join(heads) + " |"
    yield "|---|" + "".join("---|" if head in WORDS else "---:|" for head in heads[1:])
    for line in lines:
        yield "| " + " | ".join(line) + " |"


def of_peak(results, case):
    rate = case["bytes"] / case["us"] * 1e-3
    return [f"{rate:,.0f}", f"{100 * rate / PEAK[results.chip]:.0f} %"]


def plain(case):
    """Neither a variant of another case nor a hot twin of a cold one."""
    return case["yardstick"] != "over plain" and not case["name"].endswith("/hot")


def case_lines(results, cases, *others):
    """A line for each case; `others` are further figures of it: pairs of a head and a function of the case."""
    heads = ["job", "MB", "us", "GB/s", "of the peak", "copy us", *(head for head, _ in others), "bound by"]
    lines = [
        [
            *(describe(case["name"]), f"{case['bytes'] * 1e-6:,.1f}", f"**{microseconds(case['us'])}**"),
            *(*of_peak(results, case), microseconds(case["copy_us"])),
            *(microseconds(figure(case)) for _, figure in others),
            results.limit(case),
        ]
        for case in cases
    ]
    used = [i for i in range(len(heads)) if any(line[i] for line in lines)]
    return table([heads[i] for i in used], [[line[i] for i in used] for line in lines])


def torch(results):
    return [
        ("PyTorch compiled us", lambda case: results.peer(case, "compiled_graph_us")),
        ("PyTorch eager us", lambda case: results.peer(case, "eager_us")),
    ]


def naive(case):
    return case.get("naive_us")


def resample_table(results):
    variant = re.compile("/(uint8|fp16|fp32|stamps:|source:|target:)|/any_order")
    cases = [case for case in results.runs["resample"]["cases"] if plain(case) and not variant.search(case["name"])]
    return case_lines(results, cases, *torch(results), ("naive us", naive))


def variants_table(results):
    """Each variant over the plain case, for the shapes that have it."""
    shapes, found = {}, {}
    for case in results.runs["resample"]["cases"]:
        if case["yardstick"] != "over plain":
            continue
        shape = "/".join(part for part in case["name"].split("/") if re.match(r"[BSTD]:", part))
        named = describe(case["name"]).split(" channels", 1)
        variant = named[1].strip(", ") or "plain"
        shapes[shape] = named[0] + " channels"
        found.setdefault(variant, {})[shape] = case["figure"]
    shapes = {shape: words for shape, words in shapes.items() if sum(shape in row for row in found.values()) > 3}
    lines = [
        [variant, *(f"{row[shape]:.2f}" if shape in row else "" for shape in shapes)]
        for variant, row in found.items()
        if any(shape in row for shape in shapes)
    ]
    return table(["variant", *shapes.values()], lines)


def libraries_table(results):
    lines = []
    for name, case in results.cases.items():
        found = [
            (report, other["us"])
            for report in results.libraries
            for other in report["cases"]
            if other["name"] == name and other.get("us")
        ]
        for report, us in found:
            library = f"CuPy {report['cupy']}" if "cupy" in report else f"SciPy {report['scipy']}, {report['cpu']}"
            lines.append([describe(name), microseconds(case["us"]), library, f"{us:,.0f}", f"{us / case['us']:,.0f}"])
    return table(["job", "us", "library", "its us", "times as long"], lines)


def fuse_table(results):
    cases = [case for case in results.runs["fuse"]["cases"] if plain(case) and "/store:pinned/" not in case["name"]]
    return case_lines(results, cases, ("one by one us", lambda case: case.get("apart_us")), *torch(results))


def link_table(results):
    """Windows out of the host's memory."""
    lines = []
    for name, case in results.cases.items():
        if "/store:pinned/" in name and case.get("gather_us"):
            windows = int(re.search(r"/B:(\d+)/", name).group(1))
            lines.append([f"{windows:,}", microseconds(case["us"]), f"{windows / case['us'] * 1e6:,.0f}"])
            lines[-1] += [microseconds(case["gather_us"]), f"{case['us'] / case['gather_us']:.2f}"]
    return table(["windows a call", "us", "windows a second", "copying their rows us", "over that"], lines)


def dense_table(results):
    cases = [case for case in results.runs["voxelize"]["cases"] if plain(case)]
    return case_lines(results, cases, ("naive us", naive), *torch(results))


def voxels_table(results):
    run = results.runs["voxels"]["cases"]
    cold = {case["name"] for case in run if not case["name"].endswith("/hot")}
    cases = [case for case in run if case["name"].removesuffix("/hot") + "/cold" not in cold and not case["error"]]
    return case_lines(results, cases, *torch(results))


POINTS = {"20k": 20_000, "100k": 100_000, "250k": 250_000, "1M": 1_000_000, "16M": 16_000_000}


def points_line(results, name):
    case = results.cases.get(f"{name}/cold") or results.cases[f"{name}/hot"]
    clouds = int((re.search(r"/B:(\d+)", name) or [0, "1"])[1])
    rate = clouds * POINTS[re.search(r"/N:(\w+)", name)[1]] / case["us"] * 1e-3
    reached = f"{rate:.0f} billion" if rate >= 9.95 else f"{rate:.1f} billion"
    return ["2.9 billion points a second", f"**{reached}**", f"{describe(case['name'])}: {microseconds(case['us'])} us"]


def asked_table(results):
    """What was asked of the design before anything was written."""
    kernels = [
        "resample/bf16/B:32/S:500/T:250/D:256/cold",
        "fuse/bf16/B:256/100x512+200x128+300x64/T:128/cold",
        "fuse/bf16/B:1/30x512+100x14:fp32+100x7:fp32+333x6:fp32+200x6+100x4:fp32:slerp+5x3:fp32:previous+50x12/T:50"
        "/stamps:int64/cold",
    ]
    points = [
        "voxelize/count/N:16M/scan/G:256x256x256",
        "voxelize/count/N:16M/uniform/G:256x256x256",
        "voxelize_sparse/mean/fp32/N:1M/C:4/inside",
        "voxelize_sparse/mean/fp32/B:16/N:100k/C:4/square",
        "voxelize_sparse/mean/fp32/N:20k/C:4/street",
    ]
    yield "| asked | reached | with |"
    yield "|---|---:|---|"
    for name in kernels:
        took = f"**{results.cases[name]['us'] * 1e-3:.4f} ms**"
        yield f"| a kernel of 0.02 ms | {took} | {describe(name)}: {results.cases[name]['bytes'] * 1e-6:,.1f} MB |"
    for name in points:
        yield "| " + " | ".join(points_line(results, name)) + " |"


def step_table(results):
    """What each way of preparing the data adds to a training step."""
    yield "| data path | ms a step | added | GPU ms a step | added |"
    yield "|---|---:|---:|---:|---:|"
    for path in results.training["paths"]:
        wall = f"{path['wall_ms']:.3f} | {100 * path['wall_added']:.2f} %"
        yield f"| {path['what']} | {wall} | {path['gpu_ms']:.3f} | {100 * path['gpu_added']:.2f} % |"


def faster_table(results):
    """Jobs at which a peer is faster, by more than noise."""
    lines = []
    for case in results.cases.values():
        peers = {
            "PyTorch compiled": results.peer(case, "compiled_graph_us"),
            "PyTorch eager": results.peer(case, "eager_us"),
            "naive": naive(case),
            "one by one": case.get("apart_us"),
        }
        for peer, us in peers.items():
            if us and us * 1.01 < case["us"]:
                times = f"{case['us'] / us:.2f}"
                lines.append([describe(case["name"]), microseconds(case["us"]), peer, microseconds(us), times])
    if not lines:
        return ["No peer is faster at any job."]
    return table(["job", "us", "peer", "its us", "times as long"], lines)


def ceilings_table(results):
    yield "| measurement | commit | copy of 1 GB | of the peak | empty kernel | a call on the host |"
    yield "|---|---|---:|---:|---:|---:|"
    for family, run in results.runs.items():
        share = f"{100 * run['ceiling_gbps'] / PEAK[results.chip]:.0f} %"
        figures = [f"{run['ceiling_gbps']:,.0f} GB/s", share, f"{run['empty_us']:.2f} us", f"{run['launch_us']:.1f} us"]
        yield f"| {ncu_report.TITLES[family]} | {run['commit']}, {run['date']} | " + " | ".join(figures) + " |"


def peers_table(results):
    of = {}
    for report in results.peers:
        of.setdefault(f"PyTorch {report['torch']}, eager and compiled", []).append(report)
    for report in results.libraries:
        library = "CuPy" if "cupy" in report else "SciPy"
        of.setdefault(f"{library} {report[library.lower()]}", []).append(report)
    yield "| peer | for |"
    yield "|---|---|"
    for library, reports in of.items():
        yield f"| {library} | {', '.join(report['benchmark'].split('_')[1] for report in reports)} |"


def recordings_table(results):
    files = {
        "table": (
            "PointCloudLibrary/pcl, `test/table_scene_mug_stereo_textured.pcd`, BSD",
            "307,200, of which 97,920 are NaN",
        ),
        "lidar": ("koide3/small_gicp, `data/source.ply`, MIT", "69,792"),
        "lidar_wide": ("NVIDIA-AI-IOT/cuPCL, `cuFilter/sample.pcd`, MIT", "119,978"),
    }
    yield "| in the tables | points | from | in rows |"
    yield "|---|---:|---|---:|"
    for scene, (source, points) in files.items():
        rows = sum(1 for name in results.cases if f"/{scene}/" in name)
        yield f"| {SCENES[scene]} | {points} | {source} | {rows} |"


def short_table(results):
    """A few jobs of each kind, with PyTorch beside them."""
    names = [
        "resample/bf16/B:1024/S:4096/T:1024/D:32/cold",
        "resample/bf16/B:2048/S:500/T:250/D:256/cold",
        "fuse/bf16/B:256/100x512+200x128+300x64/T:128/cold",
        "fuse/bf16/B:1/30x512+100x14:fp32+100x7:fp32+333x6:fp32+200x6+100x4:fp32:slerp+5x3:fp32:previous+50x12/T:50"
        "/stamps:int64/cold",
        "voxelize/count/N:16M/scan/G:256x256x256",
        "voxelize_sparse/mean/fp32/B:16/N:100k/C:4/square",
    ]
    lines = []
    for name in names:
        case = next(results.cases[one] for one in (name, f"{name}/cold", f"{name}/hot") if one in results.cases)
        figures = [f"**{microseconds(case['us'])}**", microseconds(case["copy_us"])]
        lines.append([describe(case["name"]), *figures, *(microseconds(figure(case)) for _, figure in torch(results))])
    return table(["job", "us", "copy us", "PyTorch compiled us", "PyTorch eager us"], lines)


TABLES = {
    "short": short_table,
    "asked": asked_table,
    "step": step_table,
    "ceilings": ceilings_table,
    "resample": resample_table,
    "variants": variants_table,
    "libraries": libraries_table,
    "fuse": fuse_table,
    "link": link_table,
    "dense": dense_table,
    "voxels": voxels_table,
    "peers": peers_table,
    "faster": faster_table,
    "recordings": recordings_table,
}


def with_tables(text, results):
    """The page's text with all tables made anew."""
    unknown = {found.group(2) for found in BLOCK.finditer(text)} - TABLES.keys()
    if unknown:
        sys.exit(f"{PAGE}: there is no table {', '.join(unknown)}; want {', '.join(TABLES)}")
    return BLOCK.sub(lambda found: found[1] + "\n".join(TABLES[found[2]](results)) + "\n" + found[3], text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a table is out of date")
    args = parser.parse_args()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        made = with_tables(text, Results())
        if args.check:
            if made != text:
                sys.exit(f"{page}: its tables are not of what is in {RESULTS}: run python3 bench/page.py")
        else:
            page.write_text(made, encoding="utf-8")
            print(page)
    if args.check:
        return
    try:
        import charts
    except ImportError as missing:
        sys.exit(f"no charts: {missing}")
    print(*charts.draw(CHIP), sep="\n")


if __name__ == "__main__":
    main()
