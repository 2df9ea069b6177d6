"""Connections end for a reason, and within the grace time a member goes on as
it was."""

EXPECTED_ERRORS = {"name-taken", "room-same"}


def check(case):
    epochs = set()
    for connection in case.story.connections.values():
        check_close(case, connection)
        for _, event in connection.heard:
            if event["type"] == "error" and \
                    event["code"] not in EXPECTED_ERRORS:
                case.blame("error", f"connection {connection.number}: {event}")
        if connection.stays:
            epochs.add(connection.stays[0].welcome["epoch"])
            if connection.resumes is not None:
                check_resume(case, connection)
    if len(epochs) > 1:
        case.blame("resume", f"epochs {sorted(epochs)}")
    if not case.story.is_settled:
        case.blame("close", "the trace does not reach its end")
    check_first_names(case)


def check_close(case, connection):
    if connection.is_alive or not connection.stays:
        return
    expected = {"left": 1000, "replaced": 4509}.get(connection.how)
    if connection.how in ("reset", "dropped") or connection.code == expected:
        return
    if connection.code == 1006 and case.story.was_killed(connection):
        return
    case.blame("close", f"connection {connection.number} ended with "
               f"{connection.code}, {connection.how}")


def check_resume(case, connection):
    who = f"connection {connection.number}, life {connection.resumes}"
    welcome = connection.stays[0].welcome
    if connection.life == connection.resumes:
        if welcome["resume"] != connection.token:
            case.blame("resume", f"{who} was given another token")
        return
    case.add("expired")
    before = [each for each in case.story.lives[connection.resumes]
              if each.opened < connection.opened]
    away = case.story.times[connection.stays[0].at] - \
        max(each.closed_time or 0 for each in before)
    if away < case.grace - 0.5:
        case.blame("resume", f"{who} is not known after {away:.2f} s")
    if welcome["resume"] == connection.token:
        case.blame("resume", f"{who} was given its old token")


def check_first_names(case):
    """A number is never given again."""
    seen = {}
    for number, connections in case.story.lives.items():
        name = connections[0].stays[0].welcome["name"]
        if name in seen:
            case.blame("names", f"{name} was given to life {seen[name]} and "
                       f"to life {number}")
        seen[name] = number
