"""A whisper reaches those it names, once, in its place between the lines.

Who was there throughout must have heard it before any line that was sent
after its sender was answered: that line also shows that he was there.
"""


def check(case):
    heard, answers = {}, {}
    for connection in case.story.connections.values():
        for at, event in connection.heard:
            if event["type"] == "whisper":
                heard.setdefault(event["text"], []).append(
                    (connection, at, event))
            elif event["type"] == "whispered":
                if event["text"] in answers:
                    case.blame("whisper", f"answered twice: {event}")
                answers[event["text"]] = at, event
    case.add("whispers", len(case.story.whispers))
    for text in sorted(set(heard) - set(case.story.whispers)):
        case.blame("whisper", f"never sent: {text!r}")
    for text, sent in case.story.whispers.items():
        Whisper(case, text, sent, heard.get(text, ())).check(
            answers.get(text))


class Whisper:
    def __init__(self, case, text, sent, heard):
        self.case, self.text, self.heard = case, text, heard
        self.sender, self.at, self.request = sent

    def blame(self, text):
        self.case.blame("whisper", f"{self.text!r}: {text}")

    def check(self, answer):
        self.case.add("whispers-heard", len(self.heard))
        lives = [connection.life for connection, _, _ in self.heard]
        if len(set(lives)) != len(lives):
            self.blame(f"heard more than once by one of {lives}")
        for connection, at, event in self.heard:
            self.check_heard(connection, at, event)
        if answer is not None:
            self.check_answer(*answer)
        elif self.sender.is_alive:
            self.blame("its sender was not answered")

    def names(self):
        to = self.request["to"]
        return [to] if isinstance(to, str) else to

    def check_heard(self, connection, at, event):
        if not any(span.name in self.names() and span.may_meet(self.at, at)
                   for span in self.case.spans[connection.life]):
            self.blame(f"for {self.names()}, heard by life {connection.life}")
        if not any(span.name == event["from"] and span.may_meet(self.at, at)
                   for span in self.case.spans[self.sender.life]):
            self.blame(f"from {event['from']}, who did not send it")

    def check_answer(self, answered, event):
        told = event["to"] + event["lost"]
        if sorted(told) != sorted(self.names()):
            self.blame(f"for {self.names()}, told {event}")
        by_life = {connection.life: at for connection, at, _ in self.heard}
        for connection in self.case.story.connections.values():
            name = self.name_of(connection, answered)
            line = name and self.line_after(connection, answered)
            if not line:
                continue
            self.case.add("whispers-due")
            if name not in event["to"]:
                self.blame(f"{name} was there throughout, told {event}")
            elif by_life.get(connection.life, line) >= line:
                self.blame(f"{name}, life {connection.life}, did not hear it "
                           "in its place")

    def name_of(self, connection, answered):
        """By which it was named and was there, from asking to answer."""
        if not connection.stays or connection.stays[0].at > self.at or \
                connection.closed < answered:
            return None
        for span in self.case.spans[connection.life]:
            if span.name in self.names() and \
                    span.surely_covers(self.at, answered):
                return span.name
        return None

    def line_after(self, connection, answered):
        """Where it heard a line that was first sent after the answer."""
        messages = self.case.story.messages
        for at, event in connection.heard:
            if at > answered and event["type"] == "message" and \
                    messages.get(event["text"], (0, 0))[1] > answered:
                return at
        return None
