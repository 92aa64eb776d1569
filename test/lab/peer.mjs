// A small talker for the lab, told what to do by JSON lines on stdin. It echoes what it gets on its
// ports, and probes another one's ports, saying whether the echo came back.
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import net from 'node:net';
import { createInterface } from 'node:readline';

const flows = new Map();

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

const actions = {
  // Echoes UDP and TCP on one port, IPv4 and IPv6.
  async listen({ port }) {
    for (const type of ['udp4', 'udp6']) {
      const socket = createSocket({ type, ipv6Only: type === 'udp6' });
      socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address));
      await new Promise((resolve) => socket.bind(port, resolve));
    }
    const server = net.createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.pipe(socket);
    });
    await new Promise((resolve) => server.listen(port, '::', resolve));
    return 'listening';
  },

  // One datagram on a flow that is kept by its name; 'answer' when the echo came in time.
  async udp({ flow, from, fromPort = 0, to, port, msMax }) {
    let socket = flows.get(flow);
    if (socket === undefined) {
      socket = createSocket(isIPv6(to) ? 'udp6' : 'udp4');
      await new Promise((resolve) => socket.bind(fromPort, from, resolve));
      flows.set(flow, socket);
    }
    const token = String(process.hrtime.bigint());
    return await within(msMax, (done) => {
      const hear = (bytes, source) => {
        if (bytes.toString() !== token || source.address !== to) return;
        socket.off('message', hear);
        done('answer');
      };
      socket.on('message', hear);
      socket.send(token, port, to);
    });
  },

  // Some bytes on a connection that is kept by its name, opened when it is not there yet.
  async tcp({ flow, from, to, port, msMax }) {
    let socket = flows.get(flow);
    if (socket === undefined) {
      socket = net.connect({ host: to, port, localAddress: from });
      socket.on('error', () => socket.destroy());
      flows.set(flow, socket);
    }
    const token = String(process.hrtime.bigint());
    return await within(msMax, (done) => {
      socket.on('data', (bytes) => {
        if (bytes.toString().includes(token)) done('answer');
      });
      socket.write(token);
    });
  },
};

function within(msMax, act) {
  return new Promise((resolve) => {
    // One more turn of the loop: an answer may lie in the socket of a process that was held up.
    const timer = setTimeout(() => setImmediate(setImmediate, resolve, 'silence'), msMax);
    act((outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    });
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, action, ...rest } = JSON.parse(line);
  say({ id, outcome: await actions[action](rest) });
}
process.exit(0);
