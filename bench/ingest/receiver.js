// The yardstick: a plain dgram receiver, empty or answering, in a process of its own.
import { createSocket } from 'node:dgram';

const answers = process.argv[2] === 'answering';
const ANSWER = Buffer.alloc(500, 'x');
const socket = createSocket({
  type: 'udp4',
  recvBufferSize: 4_194_304,
  lookup: (host, _options, callback) => callback(null, host, 4),
});
let received = 0;
socket.on('message', (_bytes, from) => {
  received += 1;
  if (answers) socket.send(ANSWER, from.port, from.address);
});
socket.on('error', () => undefined);
socket.bind(0, '127.0.0.1', () => process.send({ port: socket.address().port }));
process.on('message', () => process.send({ received }));
process.on('disconnect', () => process.exit(0));
