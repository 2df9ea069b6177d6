// A chat of node's ws: who is on a path hears what is said there.
//
//	node ws.mjs FOLDER PORT		FOLDER/node_modules has ws

import { createRequire } from "node:module";

const [folder, port] = process.argv.slice(2);
const { WebSocketServer } = createRequire(`${folder}/`)("ws");
const rooms = new Map();

const server = new WebSocketServer({
	host: "127.0.0.1", port: Number(port), backlog: 4096
});

server.on("connection", (socket, request) => {
	if (!rooms.has(request.url)) rooms.set(request.url, new Set());
	const members = rooms.get(request.url);
	members.add(socket);
	socket.on("message", (data, binary) => {
		for (const member of members) member.send(data, { binary });
	});
	socket.on("error", () => {});
	socket.on("close", () => {
		members.delete(socket);
		if (members.size === 0) rooms.delete(request.url);
	});
});
