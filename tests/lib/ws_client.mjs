// A client made of node's ws, driven over its standard streams: each line that
// comes in is said, each line out is one event as JSON:
//   {"open": true}  {"text": "..."}  {"binary": "hex"}  {"close": 1000}
// and {"open": true, "protocol": "..."} when the server took one.
// Arguments: the URL, subprotocols.  WSCHATD_NODE_MODULES names the folder ws
// is in.
// End of input closes the connection with 1000.
import { createRequire } from 'node:module';
import readline from 'node:readline';

const require = createRequire(`${process.env.WSCHATD_NODE_MODULES}/none.js`);
const WebSocket = require(`${process.env.WSCHATD_NODE_MODULES}/ws`);

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
const socket = new WebSocket(process.argv[2], process.argv.slice(3));

socket.on('message', (data, isBinary) => tell(isBinary
	? { binary: data.toString('hex') } : { text: data.toString() }));
socket.on('close', (code, reason) => {
	tell({ close: code, reason: reason.toString() });
	process.exit(0);
});
socket.on('error', (error) => tell({ error: error.message }));
socket.on('open', () => {
	tell(socket.protocol ? { open: true, protocol: socket.protocol } :
		{ open: true });
	readline.createInterface({ input: process.stdin })
		.on('line', (line) => socket.send(line))
		.on('close', () => socket.close(1000));
});
