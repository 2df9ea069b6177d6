#!/usr/bin/python3
"""Random clients on a server whose workers and broker are killed at random;
then what all of them saw is judged.  PORT and SERVER_PID name the server,
which has wschatd.conf; see README.md."""

import argparse
import asyncio
import json
import os
import random
import sys
import traceback

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "lib")]

from jsonpeer import run
from judge import judge
from killer import Killer
from player import Player
from world import ROOMS, Stuck, World

GRACE = 8               # seconds, as in wschatd.conf
RESIDENTS = 3           # of each room: there is always one who sees all


async def play(world, options):
    for number in range(options.clients):
        # Neighbours are on different workers, and those of a room are so.
        room = ROOMS[number // RESIDENTS % len(ROOMS)]
        world.players.append(Player(world, number, room, number <
                                    RESIDENTS * len(ROOMS)))
    residents = world.players[:RESIDENTS * len(ROOMS)]
    for player in residents:
        await player.arrive()
    # Whatever fails ends all of it.
    tasks = [asyncio.create_task(player.run(options.pace))
             for player in world.players]
    if options.kill_gap:
        killer = Killer(world, options.workers)
        tasks.append(asyncio.create_task(killer.run(options.kill_gap)))
    done, _ = await asyncio.wait(tasks, timeout=options.seconds,
                                 return_when=asyncio.FIRST_EXCEPTION)
    world.is_ending = True
    for task in done:
        task.result()
    await asyncio.gather(*tasks)
    await settle(world, residents)


async def settle(world, residents):
    """Everybody is back, everything is answered, and a last line is heard by
    all; then the rooms are asked who is there."""
    staying = [player for player in world.players if not player.is_gone]

    async def calm(player):
        # The last kill may be felt only now.
        while player.link is None or player.pending:
            if player.link is None:
                await player.arrive()
            await world.until(lambda: not player.link or not player.pending,
                              f"answers to player {player.number}")

    await asyncio.gather(*map(calm, staying))
    speakers = residents[::RESIDENTS]
    for player in speakers:
        await player.say(player.link)
        await calm(player)
    for speaker in speakers:
        for player in staying:
            await world.until(lambda: player.room != speaker.room or
                              player.last >= speaker.last,
                              f"the last line by player {player.number}")
    for player in speakers:
        await player.ask_who(player.link)
        await calm(player)
        world.record("who", None, {"room": player.room,
                                   "users": player.roster})
    world.record("settled", None, None)
    for player in staying:
        player.link.how = "left"
    await asyncio.gather(*(player.link.client.leave() for player in staying))


def report(world, options, faults, counts):
    names = " ".join(f"{what}={n}" for what, n in counts.items())
    print(f"seed={options.seed} clients={options.clients} {names}",
          flush=True)
    for kind, text in faults[:20]:
        print(f"  {kind}: {text}")
    if faults:
        print(f"  {len(faults)} faults; again with --seed {options.seed}")
    if options.trace and faults:
        with open(options.trace, "w") as file:
            for record in world.records:
                file.write(json.dumps(record) + "\n")


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.getrandbits(31))
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--workers", type=int, default=3,
                        help="that the server has")
    parser.add_argument("--seconds", type=float, default=10,
                        help="of deeds and kills")
    parser.add_argument("--pace", type=float, default=2,
                        help="deeds of a client per second")
    parser.add_argument("--kill-gap", type=float, default=1,
                        help="mean seconds between kills; 0: none")
    parser.add_argument("--patience", type=float, default=30,
                        help="seconds that anything awaited may take")
    parser.add_argument("--trace", help="file for the trace of a failure")
    return parser.parse_args()


def main():
    options = read_arguments()
    world = World(options.seed, GRACE, options.patience)
    stuck = []
    try:
        run(play(world, options))
    except Stuck as error:
        stuck.append(("stuck", str(error)))
    except Exception as error:      # of a connection, or of ours
        traceback.print_exc()
        stuck.append(("stuck", repr(error)))
    faults, counts = judge(world.records, GRACE)
    report(world, options, stuck + faults, counts)
    return 1 if stuck or faults else 0


if __name__ == "__main__":
    sys.exit(main())
