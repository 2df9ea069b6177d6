"""The one exception of the suite: the server did something else."""


class Fault(Exception):
    """What was expected and what came instead, as texts."""

    def __init__(self, expected, got):
        super().__init__(f"expected {expected}, got {got}")
        self.expected, self.got = expected, got
