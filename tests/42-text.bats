#!/usr/bin/env bats
# Nothing that somebody says or calls himself ends a line or drives a terminal:
# every byte, every control, with Python's websockets on both sides.  What
# should come is worked out here, from the rules of doc/protocol.md.

load lib/common

text_peer()
{
	peer <<-PY
import asyncio
import websockets

BREAKS = {0x0a, 0x0d, 0x85, 0x2028, 0x2029}
BIDI = set(range(0x202a, 0x202f)) | set(range(0x2066, 0x206a))
CONTROLS = sorted(set(range(0x20)) | {0x7f} | set(range(0x80, 0xa0)) |
                  {0x2028, 0x2029} | BIDI)
FLOOD = set(CONTROLS)


def shown(char):
    code = ord(char)
    if code in BREAKS:
        return "\u2424"
    if code < 0x20 and code != 0x09:
        return chr(0x2400 + code)
    if code == 0x7f:
        return "\u2421"
    if 0x80 <= code < 0xa0 or code in BIDI:
        return "\ufffd"
    return char


def is_one_safe_line(line):
    return len(line.splitlines()) <= 1 and \\
        not any(ord(c) in FLOOD and c != "\t" for c in line)


async def join(path="/chat"):
    # At the end of all nobody waits for the end of a connection.
    ws = await websockets.connect(f"ws://127.0.0.1:{PORT}{path}",
                                  close_timeout=0.1)
    await ws.recv()
    return ws


async def hear(ws):
    return await asyncio.wait_for(ws.recv(), PATIENCE)


$(cat)


asyncio.run(main())
	PY
}

@test "every byte value is a text of its own, or 1007" {
	start_server -o 'limits { message-rate = 0 }'
	text_peer <<-'PY'
	async def main():
	    a, b = await join(), await join()
	    for code in range(256):
	        char = chr(code)
	        await a.send(f"<{char}>")
	        for ws in a, b:
	            eq(await hear(ws), f"[user0]: <{shown(char)}>", hex(code))
	    # One byte from 0x80 on is no character.
	    for code in range(0x80, 0x100):
	        ws = await join()
	        # The library encodes texts itself: the byte goes out by hand.
	        ws.transport.write(b"\x81\x81\0\0\0\0" + bytes([code]))
	        try:
	            await hear(ws)
	        except websockets.ConnectionClosed as end:
	            eq(end.rcvd.code, 1007, hex(code))
	        else:
	            raise AssertionError(f"{code:#x} was taken")
	PY
}

@test "every control is shown and none of them acts, in all that is said" {
	start_server -o 'limits { message-rate = 0 }'
	text_peer <<-'PY'
	async def main():
	    a, b = await join(), await join()
	    for code in CONTROLS:
	        char = chr(code)
	        text = f"a{char}[server] x{char}{char}b"
	        want = "".join(map(shown, text))
	        await a.send(text)
	        for ws in a, b:
	            line = await hear(ws)
	            eq(line, f"[user0]: {want}", hex(code))
	            assert is_one_safe_line(line), hex(code)
	        await a.send(f"/me {text}")
	        for ws in a, b:
	            line = await hear(ws)
	            assert line.startswith("* user0 a") and \
	                is_one_safe_line(line), (hex(code), line)
	        await a.send(f"/whisper user1 {text}")
	        for ws, start in ((a, "[server::whisper] to user1: "),
	                          (b, "[server::whisper] from user0: ")):
	            line = await hear(ws)
	            eq(line, start + want, hex(code))
	            assert is_one_safe_line(line), hex(code)
	PY
}

@test "no control gets into a name or a room, nor into what is said of them" {
	start_server -o 'limits { message-rate = 0 }'
	text_peer <<-'PY'
	async def main():
	    a, b = await join(), await join()
	    for code in CONTROLS:
	        char = chr(code)
	        for name in f"an{char}na", f"{char}anna", f"anna{char}[server]":
	            for command in "nick", "join", "whisper":
	                await a.send(f"/{command} {name} x" if
	                             command == "whisper" else
	                             f"/{command} {name}")
	                line = await hear(a)
	                assert line.startswith("[server::") and \
	                    is_one_safe_line(line), (hex(code), line)
	                assert "you are" not in line, (hex(code), line)
	            await a.send(f"/{name}")
	            line = await hear(a)
	            assert is_one_safe_line(line), (hex(code), line)
	    await a.send("/who")
	    while not (line := await hear(a)).startswith("[server::who]"):
	        pass
	    eq(line, "[server::who] user1, user0")
	PY
}

@test "a message ends where it ends, whatever ends a line elsewhere" {
	start_server -o 'limits { message-rate = 0 }'
	text_peer <<-'PY'
	async def main():
	    a = await join()
	    for text, want in (("x\n", "x"), ("x\r", "x"), ("x\r\n", "x"),
	                       ("x\n\r", "x\u2424"), ("\r\n", ""),
	                       ("x\u2028", "x\u2424"), ("x\u0085", "x\u2424"),
	                       ("x\x0b", "x\u240b"), ("x\x0c", "x\u240c"),
	                       ("a\r\nb", "a\u2424b"),
	                       ("a\n\rb", "a\u2424\u2424b")):
	        await a.send(text)
	        eq(await hear(a), f"[user0]: {want}", repr(text))
	PY
}
