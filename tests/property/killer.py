"""Kills workers and the broker at random, each when all are well again."""
import asyncio
import signal

from wsproto import broker_pid, client_ports, kill, worker_pids

YOUNG = 0.4             # seconds; who dies younger is restarted later


class Killer:
    def __init__(self, world, workers):
        self.world, self.workers = world, workers
        self.random = world.chance("killer")
        self.seen = {}          # pid: since when

    async def run(self, gap):
        while not self.world.is_ending:
            await asyncio.sleep(self.random.expovariate(1 / gap))
            if not await self.all_are_well():
                return
            what = self.random.random()
            if what < 0.65:
                self.kill_worker()
            if what > 0.55:
                self.kill_broker()

    async def all_are_well(self):
        """Waits for it; False when the end comes first.  A request that two
        brokers die of in turn is given up, so none may have seen the last
        one's death."""
        await self.world.until(
            lambda: self.world.is_ending or self.is_whole() and
            self.world.oldest_pending() > self.world.broker_died,
            "all workers and the broker well, all requests answered")
        return not self.world.is_ending

    def is_whole(self):
        now = self.world.now()
        pids = worker_pids() + [broker_pid()]
        self.seen = {pid: self.seen.get(pid, now) for pid in pids}
        return len(pids) == self.workers + 1 and None not in pids and \
            all(now - since > YOUNG for since in self.seen.values())

    def kill_worker(self):
        victim = self.random.choice(worker_pids())
        # Nobody comes or goes between the look and the end.
        kill(victim, signal.SIGSTOP)
        ports = client_ports(victim)
        kill(victim)
        self.world.record("kill", None, {"what": "worker", "ports": ports})

    def kill_broker(self):
        kill(broker_pid())
        self.world.broker_died = self.world.now()
        self.world.record("kill", None, {"what": "broker", "ports": []})
