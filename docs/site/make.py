# SPDX-License-Identifier: Apache-2.0
"""Makes the documentation site: `./build.sh docs` calls this with a Python that has MkDocs.

    python docs/site/make.py --out build/main/site

Pages are the Markdown files of the repository, in the folders where they are, so that links between them work here and
there; a link to a source file leads to a page that shows it. The reference of C++ is made by Doxygen, that of Python by
mkdocstrings, which reads docstrings and imports nothing. Fails where a link or an anchor leads nowhere, where a page is
missing in `nav`, and where Doxygen warns.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "docs" / "site"
OTHER_PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "bench/README.md", "tests/README.md",
               "examples/pytorch/README.md", "examples/pytorch/data.md")  # fmt: skip
IMAGES = (".png", ".svg")
CPP = Path("docs/reference/cpp")  # what Doxygen makes
MOVED = {Path("README.md"): Path("readme.md")}  # else it would be the site's first page
LINK = re.compile(r"(\]\()([^)#:\s]+)((?:#[^)\s]*)?\))")
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
LANGUAGES = {".cuh": "cuda", ".cu": "cuda", ".hpp": "cpp", ".cpp": "cpp", ".py": "python", ".json": "json",
             ".sh": "bash", "": "bash"}  # fmt: skip


def pages() -> list[Path]:
    """All Markdown files of the site, seen from the root."""
    own = [path.relative_to(ROOT) for path in sorted((ROOT / "docs").rglob("*.md"))]
    reports = [path.relative_to(ROOT) for path in sorted((ROOT / "bench" / "results").glob("*.md"))]
    return own + [Path(name) for name in OTHER_PAGES] + reports


class Stage:
    """The folder that MkDocs reads."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.shown: dict[Path, Path] = {}  # source files and folders that have a page, and that page

    def fill(self) -> None:
        known = set(pages())
        for page in known:
            text = (ROOT / page).read_text(encoding="utf-8")
            self.write(MOVED.get(page, page), self.with_links(text, page, known))
        for file in [*(ROOT / "docs").rglob("*"), *(ROOT / "bench" / "results").glob("*")]:
            if file.suffix in (*IMAGES, ".css", ".js"):
                self.copy(file.relative_to(ROOT))
        # What mkdocstrings reads.
        for file in (ROOT / "examples/pytorch/robocache_torch").rglob("*.py"):
            self.copy(file.relative_to(ROOT))

    def write(self, page: Path, text: str) -> None:
        target = self.folder / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def copy(self, file: Path) -> None:
        target = self.folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, target)

    def with_links(self, text: str, page: Path, known: set[Path]) -> str:
        """The page's text, in which links to what is no page lead to one that shows it."""

        def changed(match: re.Match) -> str:
            place = os.path.normpath(page.parent / match[2])
            file = Path(place)
            if file in MOVED:
                return match[1] + os.path.relpath(MOVED[file], page.parent) + match[3]
            if file in known or file.suffix in IMAGES or CPP in file.parents or place.startswith(".."):
                return match[0]
            if (ROOT / file / "README.md").is_file() and file / "README.md" in known:
                shown = file / "README.md"
            elif (ROOT / file).exists():
                shown = self.page_of(file)
            else:
                return match[0]  # MkDocs says that it leads nowhere
            return match[1] + os.path.relpath(shown, page.parent) + (match[3] if shown in known else ")")

        parts, end = [], 0
        for fence in FENCE.finditer(text):
            parts += [LINK.sub(changed, text[end : fence.start()]), fence[0]]
            end = fence.end()
        return "".join(parts) + LINK.sub(changed, text[end:])

    def page_of(self, file: Path) -> Path:
        """The page that shows a source file, or what is in a folder."""
        if file in self.shown:
            return self.shown[file]
        page = file / "contents.md" if (ROOT / file).is_dir() else file.with_name(file.name + ".md")
        self.shown[file] = page
        if (ROOT / file).is_dir():
            inside = sorted(one for one in (ROOT / file).iterdir() if not one.name.startswith((".", "__pycache__")))
            lines = [f"- `{one.name}{'/' if one.is_dir() else ''}`" for one in inside]
            self.write(page, f"---\nsearch: {{exclude: true}}\n---\n# {file}\n\n" + "\n".join(lines) + "\n")
        else:
            text = (ROOT / file).read_text(encoding="utf-8", errors="replace")
            language = LANGUAGES.get(file.suffix, "text")
            self.write(page, f"---\nsearch: {{exclude: true}}\n---\n# {file}\n\n````{language}\n{text.rstrip()}\n````\n")
        return page

    def configuration(self) -> str:
        """mkdocs.yml, with the pages that have no place in the menu: reports, and what shows sources."""
        aside = [page for page in pages() if page.parts[:2] == ("bench", "results")] + sorted(self.shown.values())
        text = (SITE / "mkdocs.yml").read_text(encoding="utf-8")
        return text + "not_in_nav: |\n" + "".join(f"  /{page}\n" for page in aside)


def make_cpp(folder: Path) -> None:
    """Doxygen's pages."""
    settings = (ROOT / "docs" / "Doxyfile").read_text(encoding="utf-8")
    folder.parent.mkdir(parents=True, exist_ok=True)
    settings += f"\nOUTPUT_DIRECTORY = {folder.parent}\nHTML_OUTPUT = {folder.name}\n"
    settings += f'INPUT_FILTER = "{sys.executable} docs/site/doxygen_groups.py"\n'
    subprocess.run(["doxygen", "-"], input=settings, text=True, check=True, cwd=ROOT)


class Anchors(HTMLParser):
    """What a page of HTML has to link to, and where it links to."""

    def __init__(self, text: str):
        super().__init__()
        self.names: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []  # scripts, styles and pictures from elsewhere
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.names.update(filter(None, (given.get("id"), given.get("name"))))
        self.links += [given[word] for word in ("href", "src") if given.get(word)]
        loaded = given.get("src") or (tag == "link" and "stylesheet" in given.get("rel", "") and given.get("href"))
        if loaded and urlsplit(loaded).scheme in ("http", "https"):
            self.loaded.append(loaded)


def broken_links(site: Path) -> list[str]:
    """Links of the finished site, those into and within Doxygen's pages included, that lead nowhere."""
    read = {page: Anchors(page.read_text(encoding="utf-8", errors="replace")) for page in site.rglob("*.html")}
    broken = []
    for page, anchors in read.items():
        broken += [f"{page.relative_to(site)}: loads {address}" for address in anchors.loaded]
        for link in anchors.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link.startswith("/"):
                if parts.scheme not in ("mailto", "data", "javascript") and not link.startswith("https://"):
                    broken.append(f"{page.relative_to(site)}: {link}")
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            # Doxygen makes the anchors of its menus and its search with a program.
            looked_up = target in read and parts.fragment and not parts.fragment.startswith("__")
            if not target.exists() or (looked_up and unquote(parts.fragment) not in read[target].names):
                broken.append(f"{page.relative_to(site)}: {link}")
    return sorted(set(broken))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="where the site goes")
    options = parser.parse_args()
    out = options.out.resolve()
    work = out.with_name(out.name + "-made-of")
    shutil.rmtree(work, ignore_errors=True)
    stage = Stage(work / "pages")
    make_cpp(work / "pages" / CPP)
    stage.fill()
    (work / "mkdocs.yml").write_text(stage.configuration(), encoding="utf-8")
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}
    # Not --quiet, which makes --strict see no warning.
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--clean", "-d", out]
    done = subprocess.run(build, cwd=work, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print("\n".join(line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("INFO")))
        return 1
    shutil.copy(SITE / "start.html", out / "index.html")
    (out / "404.html").unlink()  # for a server, at the root of which the site would have to be
    broken = broken_links(out)
    print("\n".join(broken))
    print(f"{sum(1 for _ in out.rglob('*.html'))} pages, {len(broken)} broken links: {out / 'index.html'}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
