# SPDX-License-Identifier: Apache-2.0
"""The scripts that judge measurements and show them: counters of ncu, two runs beside each other, machine code of two
builds, the tables of docs/results.md.

    python tests/bench/tools_test.py

ncu.csv is what ncu printed of three kernels of a sparse mean on an H200."""

import contextlib
import copy
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
BENCH = HERE.parents[1] / "bench"
sys.path.insert(0, str(BENCH))
import compare  # noqa: E402
import ncu  # noqa: E402
import ncu_report  # noqa: E402
import page  # noqa: E402
import report  # noqa: E402
import sass_hash  # noqa: E402
import take_results  # noqa: E402
import words  # noqa: E402

SPARSE = "voxelize_sparse/mean/fp32/N:20k/C:4/street/cold"


def recorded_kernels():
    return ncu.kernels_in((HERE / "ncu.csv").read_text(encoding="utf-8"))


def sparse_case():
    return {
        **ncu.empty_entry(SPARSE),
        "bytes": 443460,
        "elements": ncu.elements_of(SPARSE),
        "kernels": recorded_kernels(),
        "commit": "0123456",
    }


def case_of(**counters):
    """One kernel, busy with nothing but what is given."""
    kernel = copy.deepcopy(recorded_kernels()[0])
    kernel.update(
        {"us": 100.0, "waves": 4.0, "dram_share": 10.0, "l2_share": 10.0, "issue_share": 10.0, "host_bytes": 0.0}
    )
    kernel.update(counters)
    return {**ncu.empty_entry("a case"), "bytes": 1000, "elements": 100, "kernels": [kernel]}


class NcuTest(unittest.TestCase):
    def test_reads_what_ncu_prints(self):
        kernels = recorded_kernels()
        self.assertEqual(
            [kernel["name"] for kernel in kernels], ["fill_kernel", "voxel_insert_kernel", "reduce_kernel"]
        )
        insert = kernels[1]
        self.assertEqual(insert["us"], 4.384)
        self.assertEqual(insert["dram_read_bytes"], 382720)
        self.assertEqual(insert["l2_hits"], 54.88)
        self.assertEqual(insert["registers"], 48)
        self.assertEqual(insert["waves"], 0.06)
        self.assertAlmostEqual(sum(insert["stalls"].values()), 100, delta=0.1)
        self.assertEqual(ncu_report.waits_of(insert, 1)[0][0], "long_scoreboard")
        self.assertEqual(ncu_report.waits_of(kernels[0], 1)[0][0], "no_instruction")

    def test_leaves_out_what_ncu_does_not_know(self):
        text = (HERE / "ncu.csv").read_text(encoding="utf-8").replace('"54.88"', '"n/a"')
        case = {**sparse_case(), "kernels": ncu.kernels_in(text)}
        self.assertIsNone(case["kernels"][1]["l2_hits"])
        self.assertEqual(ncu_report.rows_of(case)[2][8], "")
        self.assertEqual(ncu.kernels_in("==ERROR== ERR_NVGPUCTRPERM"), [])

    def test_adds_up_a_chain(self):
        line, *kernels = ncu_report.rows_of(sparse_case())
        self.assertEqual(len(kernels), 3)
        self.assertEqual(line[1], "16.26")  # 2.336 + 4.384 + 9.536
        self.assertEqual(line[4], "")  # shares are those of one kernel
        self.assertEqual(len(line), len(ncu_report.HEADS))

    def test_tells_cases_of_one_run_apart(self):
        lines = (HERE / "ncu.csv").read_text(encoding="utf-8").splitlines()
        between = lines[-1].replace("reduce_kernel", "empty")
        said = [json.dumps({"case": name, "bytes": 8}) for name in ("a/1", "b/2")]
        first, second = ncu.entries_of(["a/1", "b/2"], "\n".join([*lines[:-1], between, lines[-1]]), "\n".join(said))
        self.assertEqual([kernel["name"] for kernel in first["kernels"]], ["fill_kernel", "voxel_insert_kernel"])
        self.assertEqual([kernel["name"] for kernel in second["kernels"]], ["reduce_kernel"])
        self.assertEqual((first["bytes"], second["name"]), (8, "b/2"))
        alone = ncu.entries_of(["a/1"], "==ERROR== nothing", "")[0]
        self.assertEqual((alone["bytes"], alone["kernels"]), (None, []))

    def test_counts_results(self):
        self.assertEqual(ncu.elements_of("resample/bf16/B:32/S:500/T:250/D:256/cold"), 32 * 250 * 256)
        self.assertEqual(ncu.elements_of("resample_backward/bf16/B:32/S:500/T:250/D:256/cold"), 32 * 500 * 256)
        fuse = "fuse/bf16/B:256/100Hzx242+100Hzx14:fp32+100x7:fp32/T:250/stamps:int64/windows/episodes:200/cold"
        self.assertEqual(ncu.elements_of(fuse), 256 * 250 * 263)
        self.assertEqual(ncu.elements_of("voxelize/count+mean/fp32/B:16/N:100k/C:4/G:64x32x16/cold"), 16 * 5 * 32768)
        self.assertEqual(ncu.elements_of("voxelize_gathered/fp32/B:16/N:20k/C:4/P:32/street/hot"), 320000)
        self.assertEqual(ncu.elements_of("voxelize_backward/max/fp32/N:1M/C:4/inside/G:64x64x64/cold"), 4000000)
        self.assertIsNone(ncu.elements_of("voxelize/count/lidar/cold"))
        self.assertEqual(ncu.elements_of("summarize/fp32/N:3.8M/D:14/smooth/Q:2/cold"), 3_800_000 * 14)
        self.assertEqual(ncu.elements_of("clean/fp32/N:4M/D:14/B:400/cold"), 4_000_000 * 14)

    def test_main_cases_are_of_their_family(self):
        for family, cases in ncu.MAIN_CASES.items():
            self.assertEqual({ncu.family_of(case) for case in cases}, {family})
            self.assertEqual(len(cases), len(set(cases)))

    def test_says_what_bounds(self):
        bound = ncu_report.bound_of
        self.assertIn("Memory: 81 %", bound(case_of(dram_share=81.0)))
        self.assertIn("The L2 cache: 70 %", bound(case_of(l2_share=70.0)))
        self.assertIn("Instructions: one is issued in 72 %", bound(case_of(issue_share=72.0)))
        self.assertIn("The link to the host: 45.0 GB/s", bound(case_of(host_bytes=4.5e6)))
        self.assertIn("Latency: no unit is near its peak (memory 55 %", bound(case_of(dram_share=55.0)))
        small = bound(case_of(waves=0.3, blocks=40.0, us=5.0))
        self.assertIn("Latency: its 40 blocks run at once and fill 30 % of the chip", small)
        self.assertIn("waiting for instructions to be fetched", small)
        self.assertIn("`reduce_kernel` has 59 % of the time of 3 kernels.", bound(sparse_case()))
        chain = {**sparse_case(), "kernels": recorded_kernels() * 2}
        self.assertIn("Launches: 6 kernels of 2.3 to 9.5 us, one after the other", bound(chain))

    def test_says_why_there_is_nothing(self):
        said = "==PROF== Connected\n==ERROR== ERR_NVGPUCTRPERM - The user does not have permission\n"
        self.assertIn("ERR_NVGPUCTRPERM", ncu.complaint_of("", said))
        report = {**ncu.machine(), "note": "found no ncu in PATH", "runtime": "Linux 1.2.3", "commit": "0123456"}
        report["cases"] = [{**ncu.empty_entry(SPARSE), "commit": "0123456"}]
        text = ncu_report.as_markdown(report)
        self.assertIn("found no ncu in PATH", text)
        self.assertIn("Linux 1.2.3", text)
        self.assertIn(f"| {SPARSE} |  |", text)

    def test_keeps_the_cases_that_did_not_run(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "h200-ncu.json"
            report = {"note": "", "cases": [sparse_case(), {**sparse_case(), "name": "other"}]}
            path.write_text(json.dumps(report))
            again = {"note": "", "cases": [{**sparse_case(), "commit": "new"}]}
            cases = ncu.beside_known(again, path)["cases"]
            self.assertEqual(
                [(case["name"], case["commit"]) for case in cases], [(SPARSE, "new"), ("other", "0123456")]
            )
            with self.assertRaises(SystemExit):
                ncu.beside_known({"note": "no counters", "cases": []}, path)


class CompareTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def compare(self, old, new, chip="NVIDIA H200"):
        """The exit status and what is printed, for times by name."""
        paths = []
        for which, times in (("old", old), ("new", new)):
            cases = [
                {"name": name, "us": us, "copy_us": 1.0, "error": "" if us else "differs"} for name, us in times.items()
            ]
            run = {
                "benchmark": "fuse",
                "chip": chip if which == "new" else "NVIDIA H200",
                "commit": which,
                "cases": cases,
            }
            paths.append(self.folder / f"{which}.json")
            paths[-1].write_text(json.dumps(run))
        printed = io.StringIO()
        with mock.patch.object(sys, "argv", ["compare.py", *map(str, paths)]), contextlib.redirect_stdout(printed):
            return compare.main(), printed.getvalue()

    def test_lists_what_is_slower(self):
        status, text = self.compare({"a": 10.0, "b": 10.0, "c": 10.0}, {"a": 10.2, "b": 10.4, "c": 12.0, "d": 1.0})
        self.assertEqual(status, 1)
        self.assertEqual([line[0] for line in text.splitlines()[:2]], ["c", "b"])
        self.assertIn("10.00 -> 12.00 us, +20.0 %", text)
        self.assertIn("2 slower", text)

    def test_passes_within_noise(self):
        status, text = self.compare({"a": 10.0, "b": 10.0}, {"a": 10.3, "b": 8.0})
        self.assertEqual(status, 0)
        self.assertIn("2 cases compared", text)

    def test_fails_where_a_case_is_wrong_or_gone(self):
        self.assertEqual(self.compare({"a": 10.0, "b": 10.0}, {"a": 10.0})[0], 1)
        self.assertIn("differs", self.compare({"a": 10.0}, {"a": 0.0})[1])

    def test_refuses_what_cannot_be_compared(self):
        with self.assertRaises(SystemExit):
            self.compare({"a": 10.0}, {"a": 10.0}, chip="NVIDIA H100")
        with self.assertRaises(SystemExit):
            self.compare({}, {"a": 10.0})


class PageTest(unittest.TestCase):
    def test_tables_are_of_the_results(self):
        used = set()
        for file in page.PAGES:
            text = file.read_text(encoding="utf-8")
            used |= {found.group(2) for found in page.BLOCK.finditer(text)}
            made = page.with_tables(text, page.Results())
            self.assertTrue(made == text, f"{file} is not of bench/results: run python3 bench/page.py")
        self.assertEqual(set(page.TABLES), used)

    def test_names_files_by_what_is_in_them(self):
        run = {"benchmark": "torch_fuse", "chip": "NVIDIA H100 80GB HBM3", "cases": []}
        self.assertEqual(take_results.name_for(run), "h100-80gb-hbm3-torch-fuse.json")
        self.assertEqual(take_results.name_for({"benchmark": "scipy_resample", "cases": []}), "scipy-resample.json")
        self.assertIsNone(take_results.name_for({"setting": {}, "paths": []}))

    def test_puts_a_sampler_beside_policy_inputs(self):
        case = {"name": "policy_input/UMI/B:4000/T:2+16", "sampler_us_a_window": 2000.4, "call_us": 800, "ratio": 1e4}
        peer = {"scipy": "1", "numpy": "2", "cpu": "some CPU", "commit": "abc", "device": "some GPU", "cases": [case]}
        lines = list(report.sampler_lines([peer]))
        self.assertIn("| UMI/B:4000/T:2+16 | 2000 | 800.00 | 0.2000 | 10000 |", lines)
        self.assertIn("SciPy 1, NumPy 2 on some CPU; commit abc on some GPU.", lines)
        self.assertEqual(list(report.sampler_lines([])), [])

    def test_refuses_unknown_tables(self):
        with self.assertRaises(SystemExit):
            page.with_tables("<!-- table: nothing -->\n<!-- end -->", page.Results())

    def test_refuses_peers_with_other_inputs(self):
        results = page.Results()
        case = next(case for case in results.cases.values() if results.peer(case, "eager_us"))
        self.assertGreater(results.peer(case, "eager_us"), 0)
        with self.assertRaises(SystemExit):
            results.peer({**case, "checksum": -1}, "eager_us")

    def test_names_in_words(self):
        names = {
            "resample/bf16/B:32/S:500/T:250/D:256/method:akima/cold": "32 x 500 -> 250 samples, 256 channels, Akima",
            "resample_backward/bf16/B:1/S:5/T:2/D:6/cold": "gradient of 1 x 5 -> 2 samples, 6 channels",
            "fuse/bf16/B:4/100Hzx14+30Hzx6/T:32/stamps:int64/windows/store:pinned/cold": "4 windows of 32 steps: "
            "14 at 100 Hz + 6 at 30 Hz, from the host's memory",
            "voxelize/mean/bf16/N:1M/C:4/inside/G:64x64x64/hot": "means of 4 features: 1 million points, anywhere, "
            "64^3 cells, BF16, already in the cache",
            "of_tomorrow/B:1/cold": "of_tomorrow/B:1/cold",
        }
        for name, wanted in names.items():
            self.assertEqual(words.describe(name), wanted)


def listing(*kernels):
    """As cuobjdump prints machine code."""
    lines = ["\tcode for sm_80", "\t\tFunction : other", "        /*0000*/  EXIT ;  /* 0x00000000000000ff */"]
    lines += ["\tcode for sm_90"]
    for name, code in kernels:
        lines += [f"\t\tFunction : {name}", '\t//## File "/here/kernel.cuh", line 12']
        for i, word in enumerate(code):
            lines += [f"        /*{16 * i:04x}*/   MOV R1, R2 ;   /* 0x{word:016x} */", f"          /* 0x{i:016x} */"]
    return [line.encode() + b"\n" for line in lines]


class SassTest(unittest.TestCase):
    def differences(self, before, after):
        hashed = (sass_hash.hashes_of(listing(*kernels), "sm_90") for kernels in (before, after))
        return list(sass_hash.differences(*hashed))

    def test_sees_the_code_alone(self):
        found = sass_hash.hashes_of(listing(("a", [1, 2]), ("b", [1, 2]), ("c", [1, 3])), "sm_90")
        self.assertEqual(set(found), set("abc"))
        self.assertEqual(found["a"], found["b"])
        self.assertNotEqual(found["a"], found["c"])

    def test_lists_what_differs(self):
        self.assertEqual(self.differences([("a", [1])], [("a", [1])]), [])
        self.assertEqual(self.differences([("a", [1])], [("renamed", [1])]), [])
        self.assertEqual(self.differences([("a", [1])], [("a", [2])]), ["other code: a"])
        self.assertEqual(self.differences([("a", [1]), ("b", [2])], [("a", [1])]), ["gone: b"])
        self.assertEqual(self.differences([("a", [1])], [("a", [1]), ("b", [1])]), ["new: b"])


if __name__ == "__main__":
    unittest.main()
