#!/usr/bin/python3
"""Plays the cases against a server that echoes, and judges them: TAP by
default, a table by category with --table.  See README.md."""

import argparse
import fnmatch
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True

import cases_beyond
import cases_beyond_deflate
import cases_close
import cases_deflate
import cases_framing
import cases_limits
import cases_utf8
from case import Dial, Options
from fault import Fault
from peer import Target

MODULES = (cases_framing, cases_utf8, cases_close, cases_limits,
           cases_deflate, cases_beyond, cases_beyond_deflate)
# What the catalogue has; a category of ours, X, may grow.
COUNTS = {"1": 16, "2": 11, "3": 7, "4": 10, "5": 20, "6": 145, "7": 37,
          "9": 54, "10": 1, "12": 90, "13": 126}
MAY_INFORM = {"7.1.6", "7.13.1", "7.13.2"}
TITLES = {"1": "framing", "2": "pings and pongs", "3": "reserved bits",
          "4": "opcodes", "5": "fragmentation", "6": "UTF-8",
          "7": "closing", "9": "limits", "10": "auto-fragmentation",
          "12": "permessage-deflate", "13": "its parameters",
          "X": "beyond the catalogue"}
OK, INFORMATIONAL, SKIPPED, FAILED = "ok", "informational", "skipped", "failed"


def sort_key(case):
    return [int(part) if part.isdigit() else 1000
            for part in case.number.split(".")]


def catalogue():
    cases = sorted((case for module in MODULES for case in module.CASES),
                   key=sort_key)
    numbers = [case.number for case in cases]
    assert len(set(numbers)) == len(numbers), "a number is there twice"
    for category, count in COUNTS.items():
        have = sum(case.category == category for case in cases)
        assert have == count, f"category {category}: {have}, not {count}"
    assert MAY_INFORM == {case.number for case in cases
                          if case.is_informational}
    return cases


def matches(number, patterns):
    """'6.4.*' or '6.4' name a group; the first part alone a category."""
    return any(fnmatch.fnmatchcase(number, each) or
               fnmatch.fnmatchcase(number, each.rstrip(".") + ".*")
               for each in patterns)


class Outcome:
    def __init__(self, case, verdict, note="", details=()):
        self.case, self.verdict = case, verdict
        self.note, self.details = note, details
        self.seconds = 0.0


def play(case, target, options):
    dial = Dial(target, options)
    try:
        note = case.play(dial)
        return Outcome(case, INFORMATIONAL if case.is_informational else OK,
                       note or "")
    except Fault as fault:
        details = [f"expected: {fault.expected}", f"got: {fault.got}"]
    except Exception as error:      # of the network, or of ours
        details = ["expected: a connection", f"got: {error!r}"]
    finally:
        for peer in dial.peers:
            peer.drop()
    for peer in dial.peers:
        details.append(f"last sent: {peer.sent.hex(' ') or 'nothing'}")
        details.append(f"last heard: {peer.tail.hex(' ') or 'nothing'}")
    return Outcome(case, FAILED, "", details)


def timed_play(case, target, options):
    began = time.monotonic()
    outcome = play(case, target, options)
    outcome.seconds = time.monotonic() - began
    return outcome


def print_tap(i, outcome):
    case = outcome.case
    line = "not ok" if outcome.verdict == FAILED else "ok"
    line += f" {i} - {case.number} {case.title}".replace("#", "")
    if outcome.verdict in (SKIPPED, INFORMATIONAL):
        word = "SKIP" if outcome.verdict == SKIPPED else "INFORMATIONAL:"
        line += f" # {word} {outcome.note}"
    print(line)
    for detail in outcome.details:
        print(f"#   {detail}")
    sys.stdout.flush()


def print_table(url, outcomes):
    rows = {}
    for outcome in outcomes:
        row = rows.setdefault(outcome.case.category, {})
        row[outcome.verdict] = row.get(outcome.verdict, 0) + 1
        row["seconds"] = row.get("seconds", 0) + outcome.seconds
    columns = (OK, INFORMATIONAL, SKIPPED, FAILED)
    print(url)
    print(f"{'category':<24}{'cases':>7}{'OK':>7}{'inform.':>9}"
          f"{'skipped':>9}{'failed':>8}{'seconds':>10}")
    total = [0] * 6
    for category, row in rows.items():
        counts = [row.get(column, 0) for column in columns]
        cells = [sum(counts), *counts, row["seconds"]]
        total = [a + b for a, b in zip(total, cells)]
        print_row(f"{category:>2} {TITLES[category]}", cells)
    print_row("   all", total)
    for outcome in outcomes:
        if outcome.verdict == FAILED:
            print(f"failed: {outcome.case.number} {outcome.case.title}")
            for detail in outcome.details:
                print(f"    {detail}")


def print_row(name, cells):
    print("{:<24}{:>7}{:>7}{:>9}{:>9}{:>8}{:>10.1f}".format(name, *cells))


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", action="append", required=True,
                        help="ws://… or wss://…, an echo route; repeatable")
    parser.add_argument("--insecure", action="store_true",
                        help="take any certificate")
    parser.add_argument("--cases", default="*", metavar="LIST",
                        help="such as '1.*,6.4,X'")
    parser.add_argument("--exclude", default="", metavar="LIST")
    parser.add_argument("--messages", type=int, default=1000, metavar="N",
                        help="of each case of 12 and 13 (default: %(default)s)")
    parser.add_argument("--message-size", type=int, default=16 << 20,
                        metavar="BYTES", help="the server's limit")
    parser.add_argument("--without-deflate", action="store_true",
                        help="skip what needs the extension, if declined")
    parser.add_argument("--tap", action="store_true", help="the default")
    parser.add_argument("--table", action="store_true",
                        help="the table alone, or after --tap")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("-j", type=int, default=8, metavar="N",
                        help="connections in parallel (default: %(default)s)")
    return parser.parse_args()


def declines_deflate(target, options):
    peer = Dial(target, options)("permessage-deflate")
    peer.drop()
    return peer.extension is None


def run(cases, target, options, args):
    """Outcomes in the catalogue's order, as they come."""
    skips = args.without_deflate and declines_deflate(target, options)
    note = "the server declines permessage-deflate"
    with ThreadPoolExecutor(max_workers=args.j) as pool:
        jobs = [None if skips and case.needs_deflate else
                pool.submit(timed_play, case, target, options)
                for case in cases]
        for case, job in zip(cases, jobs):
            yield job.result() if job else Outcome(case, SKIPPED, note)


def main():
    args = read_arguments()
    chosen = [case for case in catalogue()
              if matches(case.number, args.cases.split(",")) and
              not matches(case.number, filter(None, args.exclude.split(",")))]
    if args.list:
        for case in chosen:
            print(case.number, case.title)
        return 0
    if not chosen:
        sys.exit("no such case")
    options = Options(args.messages, args.message_size)
    failed = done = 0
    tap = args.tap or not args.table
    if tap:
        print(f"1..{len(chosen) * len(args.url)}")
    tables = []
    for url in args.url:
        target, outcomes = Target(url, args.insecure), []
        for outcome in run(chosen, target, options, args):
            outcomes.append(outcome)
            failed += outcome.verdict == FAILED
            done += 1
            if tap:
                print_tap(done, outcome)
        tables.append((url, outcomes))
    if args.table:
        for url, outcomes in tables:
            print_table(url, outcomes)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
