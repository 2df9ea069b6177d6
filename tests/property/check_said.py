"""What was acknowledged was said; what was sent again was said once; each
sender's lines are in his order."""


def check(case):
    places = {}
    for room in case.rooms.values():
        newest = {}
        for seq in sorted(room.said):
            check_line(case, room, seq, places, newest)
    acked = check_acks(case, places)
    check_unanswered(case, acked)


def check_line(case, room, seq, places, newest):
    message = room.said[seq]
    text = message["text"]
    where = f"{room.name!r} {seq}"
    if text in places:
        case.blame("once", f"{where} is {places[text]} again: {text[:40]!r}")
    places[text] = room.name, seq
    if text not in case.story.messages:
        case.blame("once", f"{where} was never sent: {text[:40]!r}")
        return
    life, at, sent = case.story.messages[text]
    if message.get("id") != sent.get("id") or \
            bool(message.get("action")) != bool(sent.get("action")):
        case.blame("order", f"{where} is {message}, sent was {sent}")
    if newest.get(life, -1) > at:
        case.blame("order", f"{where}: life {life} said it earlier than what "
                   "stands before it")
    newest[life] = at


def check_acks(case, places):
    """Returns the texts that were acknowledged.  An ack follows one's own
    line, unless it was said on an earlier connection."""
    acked = set()
    for connection in case.story.connections.values():
        texts = {what["id"]: what["text"] for _, what in connection.sent
                 if what["type"] == "message" and "id" in what}
        heard = set()
        for _, event in connection.heard:
            if event["type"] == "message":
                heard.add(event["text"])
            elif event["type"] == "ack":
                check_ack(case, connection, event, texts, heard, places)
                acked.add(texts.get(event["id"]))
    return acked


def check_ack(case, connection, event, texts, heard, places):
    who = f"connection {connection.number}: {event}"
    case.add("again" if event.get("again") else "acked")
    text = texts.get(event["id"])
    if text is None:
        case.blame("ack", f"{who} for what was never sent")
    elif text not in places:
        case.blame("ack", f"{who}, and nobody heard it")
    elif places[text][1] != event["seq"]:
        case.blame("ack", f"{who}, and it is {places[text]}")
    elif not event.get("again") and text not in heard:
        case.blame("ack", f"{who} came before the line itself")


def check_unanswered(case, acked):
    for connection in case.story.connections.values():
        if not connection.is_alive:
            continue
        for _, what in connection.sent:
            if what["type"] == "message" and what["text"] not in acked:
                case.blame("ack", f"connection {connection.number} hears "
                           f"nothing of {what['id']}")
