# SPDX-License-Identifier: Apache-2.0
"""`robocache-data info|verify|convert|stats|plot`; also `python -m robocache_torch.data.command`."""

import argparse
import json
import os
import sys

from ._convert import convert
from ._optional import Missing
from ._stats import QUANTILES, stats_of
from ._store import Store
from .readers import READERS

# What each reader's options are called here.
READER_OPTIONS = ("hertz", "images", "time", "fields", "trust_pickle")


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit status: 1 if a store has something wrong with it or no episode
    could be read, 2 for a wrong call."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (Missing, OSError, ValueError, TypeError, KeyError) as trouble:
        said = trouble.args[0] if isinstance(trouble, KeyError) and trouble.args else trouble
        print(f"robocache-data: {said}", file=sys.stderr)
        return 2


def _parser():
    parser = argparse.ArgumentParser("robocache-data", description="Stores of robots' episodes, and what fills them.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name, run, about, *, of="store"):
        one = commands.add_parser(name, help=about, description=about)
        one.add_argument(of, help="the folder of a store" if of == "store" else "the data set: a file or folder")
        one.set_defaults(run=run)
        return one

    command("info", _info, "say what a store holds, and what was wrong with it")
    command("verify", _verify, "read a store whole and check it; exits with 1 if something is wrong")

    one = command(
        "convert", _convert, "append a data set's episodes to a store, those that it does not have", of="source"
    )
    one.add_argument("store", help="the folder of the store, made where there is none")
    one.add_argument("--reader", choices=READERS, help="default: the first that recognises the data set")
    one.add_argument("--processes", type=int, default=os.cpu_count(), help="that read (%(default)s)")
    one.add_argument(
        "--clean", action="store_true", help="drop rows with NaN, steps back in time, and duplicated stamps"
    )
    one.add_argument("--episodes", type=_range, metavar="FIRST:END", help="only these, by their place (0:10)")
    one.add_argument("--hertz", help="the rate of steps that have no times")
    one.add_argument("--images", action="store_true", default=None, help="read images too, which is large")
    one.add_argument("--time", choices=["header", "log"], help="of a bag's messages (header)")
    one.add_argument(
        "--field", action="append", metavar="TOPIC=PATH", help="of a bag's topic only these fields: /odom=pose.pose"
    )
    one.add_argument("--trust-pickle", action="store_true", default=None, help="read CALVIN's language annotations")

    one = command("stats", _stats, "print statistics of each channel, with exact quantiles")
    one.add_argument("--json", action="store_true", help="as JSON")
    one.add_argument("--quantiles", type=float, nargs="+", default=QUANTILES, help="(%(default)s)")
    one.add_argument("--modality", action="append", help="only these")

    one = command("plot", _plot, "draw an episode's streams, gaps, and where results would be valid")
    one.add_argument("--episode", default="0", help="its number or its name (%(default)s)")
    one.add_argument("--out", default="episode.png", help="the picture (%(default)s)")
    one.add_argument("--max-gap", type=float, help="in seconds; default: three of the modality's median periods")
    one.add_argument("--hertz", type=float, default=50.0, help="of the targets whose masks are drawn (%(default)s)")
    one.add_argument("--modality", action="append", help="only these")
    return parser


def _range(text):
    first, _, end = text.partition(":")
    try:
        return range(int(first or 0), int(end) if end else sys.maxsize)
    except ValueError:
        raise argparse.ArgumentTypeError(f"found {text!r}, want FIRST:END") from None


def _bar(total, unit):
    """A progress bar, where tqdm is installed."""
    from ._optional import need

    return need("tqdm", "tqdm", "a progress bar").tqdm(total=total, unit=unit, file=sys.stderr, leave=False)


def _info(options):
    store = Store(options.store)
    size = sum(shard["bytes"] for shard in store.shards)
    print(f"{store.folder}: {len(store)} episodes, {len(store.shards)} shards, {size / 1e6:,.1f} MB")
    for source, about in store.about.get("sources", {}).items():
        words = [f"{word} {value}" for word, value in about.items() if isinstance(value, (str, int, float))]
        print(f"  {source}: {', '.join(words)}")
    if store.names:
        width = max(map(len, store.names))
        print(f"\n{'modality':{width}}  {'type':8} {'shape':>12} {'rows':>12} {'Hz':>9}  channels")
    for name in store.names:
        schema, rate = store.schemas[name], _rate(store, name)
        shape = "x".join(map(str, schema["shape"]))
        channels = ", ".join(schema["names"] or [])
        channels = channels if len(channels) <= 50 else f"{channels[:47]}..."
        rate = "" if rate is None else f"{rate:.2f}"
        print(f"{name:{width}}  {schema['dtype']:8} {shape:>12} {store.rows(name):>12,} {rate:>9}  {channels}".rstrip())
    _print_troubles(store)
    return 0


def _rate(store, name):
    """Of the median time between two samples of an episode."""
    import torch

    steps = []
    for _, stamps, offsets in store.parts(name):
        bounds = offsets.tolist()
        steps += [stamps[begin:end].diff() for begin, end in zip(bounds, bounds[1:]) if end - begin > 1]
    steps = torch.cat(steps) if steps else torch.zeros(0)
    steps = steps[steps > 0]
    return 1e9 / steps.median().item() if len(steps) else None


def _print_troubles(store):
    lines = []
    for episode in store.episodes:
        for what, counts in (("found", episode["problems"]), ("dropped", episode["dropped"])):
            for name, words in counts.items():
                counted = ", ".join(f"{count} {word}" for word, count in words.items())
                lines.append(f"{episode['name']}: {name}: {what} {counted}")
        lines += [f"{episode['name']}: {note}" for note in episode["notes"]]
    lines += [f"{one.episode}: left out: {one.why}" for one in store.left_out]
    lines += [f"{name}: ignored: a writer left it; may be deleted" for name in store.ignored]
    if lines:
        print("\nproblems and notes")
    for line in lines:
        print(f"  {line}")


def _verify(options):
    store = Store(options.store)
    troubles = 0
    with _bar(len(store.shards), "shard") as bar:
        for found in store.verify():
            bar.update()
            if found.trouble:
                bar.write(f"{found.file}: {found.trouble}")
                troubles += 1
    print(f"{store.folder}: {len(store.shards)} shards, {troubles} with something wrong")
    _print_troubles(store)
    return 1 if troubles else 0


def _convert(options):
    chosen = {name: getattr(options, name, None) for name in READER_OPTIONS}
    if options.field:
        fields = {}
        for one in options.field:
            topic, sign, path = one.partition("=")
            if not sign:
                raise ValueError(f"field: found {one!r}, want TOPIC=PATH")
            fields.setdefault(topic, []).append(path)
        chosen["fields"] = fields
    before = _known(options.store)
    with _bar(None, "episode") as bar:

        def progress(done, of):
            bar.total = of
            bar.update(done - bar.n)

        store = convert(
            options.source,
            options.store,
            reader=options.reader,
            processes=options.processes,
            clean=options.clean,
            episodes=options.episodes,
            progress=progress,
            **{name: value for name, value in chosen.items() if value is not None},
        )
    added, left_out = len(store) - before[0], len(store.left_out) - before[1]
    print(f"{store.folder}: {added} episodes added, {left_out} left out; robocache-data info names what was wrong")
    if left_out and not added:
        print(f"{store.left_out[-1].episode}: {store.left_out[-1].why}", file=sys.stderr)
        return 1
    return 0


def _known(folder):
    """Episodes and left out ones of the store before."""
    try:
        store = Store(folder)
    except FileNotFoundError:
        return 0, 0
    return len(store), len(store.left_out)


def _stats(options):
    store = Store(options.store)
    names = options.modality or store.names
    with _bar(None, "pass") as bar:
        found, unread = stats_of(store, names, options.quantiles, bar)
    if options.json:
        print(json.dumps(found, indent=1))
        return 0
    words = ["min", "max", "mean", "std", *(f"q{one:g}" for one in options.quantiles)]
    for name, channels in found.items():
        print(f"{name}: {store.rows(name):,} rows")
        width = max(len(one["channel"]) for one in channels)
        print(f"  {'':{width}}  " + " ".join(f"{word:>11}" for word in (*words, "nan", "infinite")))
        for one in channels:
            numbers = [f"{one[word]:11.5g}" for word in words] + [f"{one[word]:11d}" for word in ("nan", "infinite")]
            print(f"  {one['channel']:{width}}  " + " ".join(numbers))
    for name, why in unread.items():
        print(f"{name}: left out: {why}")
    return 0


def _plot(options):
    from ._plot import draw_episode

    store = Store(options.store)
    names = [one["name"] for one in store.episodes]
    if options.episode in names:
        number = names.index(options.episode)
    elif options.episode.isdigit() and int(options.episode) < len(store):
        number = int(options.episode)
    else:
        raise ValueError(f"episode: found {options.episode!r}, want a name, or a number below {len(store)}")
    draw_episode(store, number, options.out, options.modality or store.names, options.max_gap, options.hertz)
    print(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
