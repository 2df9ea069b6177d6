#!/usr/bin/python3
"""Runs wschatd, the bare server and peers in turn under the same works, prints
what each costs beside what is wanted, and keeps every figure.

Medians over the rounds; ratios within a round, and their median.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

from peers import PEERS
from servers import ServerFailed, prepare
from works import MIB, all_works

# Figure: heading, format, how it is taken from wschat-bench's JSON.
FIGURES = {
    "deliveries_s": ("deliveries/s", "{:,.0f}", lambda r: r["deliveries_s"]),
    "messages_s": ("messages/s", "{:,.0f}", lambda r: r["messages_s"]),
    "mib_s": ("MiB/s", "{:,.0f}",
              lambda r: r["deliveries_s"] * r["size"] / MIB),
    "cpu_us": ("CPU us", "{:.3f}", lambda r: r["cpu_us"]),
    "machine_us": ("machine us", "{:.2f}", lambda r: r["machine_us"]),
    "heard": ("heard/read", "{:.2f}", lambda r: r["heard_per_read"]),
    "own_p50": ("own line p50 ms", "{:.4f}", lambda r: r["own_ms"]["p50"]),
    "own_p99": ("p99", "{:.4f}", lambda r: r["own_ms"]["p99"]),
    "delivery_p99": ("delivery p99", "{:.2f}",
                     lambda r: r["delivery_ms"]["p99"]),
    "late_p99": ("said late p99", "{:.2f}", lambda r: r["late_ms"]["p99"]),
    "sweep_p50": ("sweep p50 ms", "{:.2f}", lambda r: r["sweep_ms"]["p50"]),
    "sweep_max": ("max", "{:.1f}", lambda r: r["sweep_ms"]["max"]),
    "sleeps_s": ("sleeps/s", "{:,.0f}", lambda r: r["sleeps_s"]),
    "handshakes_s": ("handshakes/s", "{:,.0f}", lambda r: r["handshakes_s"]),
    "handshake_us": ("us each", "{:.1f}", lambda r: r["handshake_us"]),
    "pss_bytes": ("bytes/connection", "{:,.0f}", lambda r: r["pss_bytes"]),
    "private_bytes": ("private", "{:,.0f}", lambda r: r["private_bytes"]),
    "cpu_share": ("CPU cores", "{:.4f}", lambda r: r["cpu_share"]),
    "peak_mib": ("grown to, MiB", "{:.1f}",
                 lambda r: (r["pss_peak_kb"] - r["pss_empty_kb"]) / 1024),
    "copies": ("copies of a message for a further client", "{:.3f}",
               lambda r: r["copies"]),
    "others": ("others %", "{:.0f}", lambda r: 100 * r["other_share"]),
}


def take(result, figure):
    return FIGURES[figure][2](result)


def measure(args, work, server, seconds):
    """What wschat-bench says of one server under one work."""
    flags = work.flags + work.extra.get(server.name, []) + server.flags
    with server:
        command = [os.path.join(args.build, "wschat-bench"), *flags,
                   "-d", str(seconds), "--warm-up", str(args.warm_up),
                   "--json", "--pid", str(server.pid),
                   server.url(getattr(server, work.path))]
        done = subprocess.run(
            command, timeout=300, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, check=False,
            preexec_fn=prepare(work.cpus))
        complaints = server.complaints()
    try:
        result = json.loads(done.stdout)
    except ValueError:
        raise ServerFailed("%s, %s: no figures (status %d): %s" % (
            work.name, server.name, done.returncode, done.stderr))
    if done.returncode != 0 or complaints:
        result["clean"] = False
        print("%s, %s: not clean (%d) %s%s" % (
            work.name, server.name, done.returncode, done.stderr,
            "\n".join(complaints[:5])), file=sys.stderr, flush=True)
    if not result["measured"]:
        raise ServerFailed("%s, %s: nobody to measure" % (
            work.name, server.name))
    return result


def add_copies(work, results):
    """How many copies of a message a further client costs, in memory."""
    if "copies" not in work.figures:
        return
    few, many = (results[s.name] for s in work.servers)
    grown = take(many, "peak_mib") - take(few, "peak_mib")
    few["copies"] = 0
    many["copies"] = grown * MIB / many["size"] / (
        many["clients"] - few["clients"])


def run_rounds(args, work):
    """A dictionary by server for each round; servers take turns."""
    rounds = []
    for _ in range(min(work.rounds or args.rounds, args.rounds)):
        results = {s.name: measure(args, work, s,
                                   work.seconds or args.seconds)
                   for s in work.servers}
        add_copies(work, results)
        rounds.append(results)
    return rounds


def median(rounds, server, figure):
    return statistics.median(take(r[server], figure) for r in rounds)


def median_ratio(rounds, base, server, figure):
    """None where there is nothing to divide by."""
    ratios = [take(r[server], figure) / take(r[base], figure)
              for r in rounds if take(r[base], figure) > 0]
    return statistics.median(ratios) if ratios else None


def judge(work, goal, rounds):
    """What was reached of a goal, as a row of the last table."""
    heading, form, _ = FIGURES[goal.figure]
    base = work.servers[0].name
    value = median_ratio(rounds, base, goal.server, goal.figure) \
        if goal.ratio else median(rounds, goal.server, goal.figure)
    if goal.ratio:
        heading, form = "%s, times %s" % (heading, base), "{:.2f}"
    met = value is not None and goal.is_met(value)
    return {"work": work.name, "server": goal.server, "figure": heading,
            "value": value, "sense": goal.sense, "bound": goal.bound,
            "met": met,
            "shown": "-" if value is None else form.format(value),
            "wanted": "%s %s" % (goal.sense, form.format(goal.bound))}


def show_table(rows):
    print("| %s |" % " | ".join(rows[0]))
    print("|%s" % ("---|" * len(rows[0])))
    for row in rows[1:]:
        print("| %s |" % " | ".join(row))
    sys.stdout.flush()


def show(work, rounds):
    print("\n%s: %s" % (work.name, work.title))
    base = work.servers[0].name
    heads = ["server"]
    for figure in work.figures + ("others",):
        heads.append(FIGURES[figure][0])
        if figure in work.compared:
            heads.append("/ %s" % base)
    rows = [heads + ["clean"]]
    for server in rounds[0]:
        row = [server]
        for figure in work.figures + ("others",):
            row.append(FIGURES[figure][1].format(
                median(rounds, server, figure)))
            if figure in work.compared:
                ratio = median_ratio(rounds, base, server, figure)
                row.append("-" if ratio is None else "%.2f" % ratio)
        clean = sum(r[server]["clean"] for r in rounds)
        rows.append(row + ["%d of %d" % (clean, len(rounds))])
    show_table(rows)


def show_goals(goals):
    print("\nGoals")
    show_table([["work", "server", "figure", "reached", "goal", "verdict"]] +
               [[g["work"], g["server"], g["figure"], g["shown"],
                 g["wanted"], "met" if g["met"] else "MISSED"]
                for g in goals])


def machine():
    """What the figures are of."""
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = re.search(r"model name\s*: (.*)", info.read())
    return {"cpu": model.group(1) if model else platform.machine(),
            "cores": len(os.sched_getaffinity(0)),
            "kernel": platform.release(),
            "load": os.getloadavg()[0],
            "time": time.strftime("%Y-%m-%d %H:%M:%S")}


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("works", nargs="*", metavar="WORK",
                        help="which of them (all); --list names them")
    parser.add_argument("--build", default=os.environ.get(
        "BUILDDIR", "build"), metavar="DIR", help="where programs are")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3,
                        help="measured of each server and round")
    parser.add_argument("--warm-up", type=float, default=1, metavar="SECONDS")
    parser.add_argument("--clients", type=int, default=100000,
                        help="of the work idle")
    parser.add_argument("--peers", default="", metavar="NAMES",
                        help="measure these, too: all, or of %s" %
                        " ".join(PEERS))
    parser.add_argument("--results", metavar="DIR",
                        help="keep figures here (BUILD/bench/results)")
    parser.add_argument("--list", action="store_true", help="name the works")
    args = parser.parse_args()
    args.results = args.results or os.path.join(args.build, "bench/results")
    args.peers = args.peers.replace(",", " ").split()
    for name in args.peers:
        if name not in PEERS and name != "all":
            parser.error("no such peer: %s" % name)
    for program in ("wschatd", "wschat-bench", "bench/bare"):
        if not os.access(os.path.join(args.build, program), os.X_OK):
            parser.error("%s is not built" % program)
    return args, parser


def main():
    args, parser = options()
    with tempfile.TemporaryDirectory() as folder:
        works = {w.name: w
                 for w in all_works(args.build, args.clients, folder,
                                    args.peers)}
        if args.list:
            for work in works.values():
                print("%-12s %s" % (work.name, work.title))
            return 0
        for name in args.works:
            if name not in works:
                parser.error("no such work: %s" % name)
        kept, goals, clean = {}, [], True
        os.makedirs(args.results, exist_ok=True)
        for name in args.works or works:
            try:
                rounds = run_rounds(args, works[name])
            except ServerFailed as error:
                print("\n%s: %s" % (name, error), flush=True)
                clean = False
                continue
            show(works[name], rounds)
            goals += [judge(works[name], g, rounds)
                      for g in works[name].goals]
            kept[name] = {"title": works[name].title, "rounds": rounds}
            clean &= all(r["clean"] for results in rounds
                         for s, r in results.items()
                         if s not in PEERS)
        show_goals(goals)
    with open(os.path.join(args.results, "report.json"), "w",
              encoding="utf-8") as out:
        json.dump({"machine": machine(), "works": kept, "goals": goals}, out,
                  indent=1)
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
