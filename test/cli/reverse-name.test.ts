import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { findReverseName } from '../../src/cli/reverse-name.js';

const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

/** A name server on loopback; `name` null: it never answers. */
async function startServer(name: string | null): Promise<string> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.on('message', (query, from) => {
    if (name !== null) socket.send(answerTo(query, name), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return `127.0.0.1:${socket.address().port}`;
}

/** RFC 1035: the query's question again, and one PTR record for it. */
function answerTo(query: Buffer, name: string): Buffer {
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(1, 6);
  head.writeUInt16BE(0, 8);
  head.writeUInt16BE(0, 10);
  const questionEnd = query.indexOf(0, 12) + 5;
  const labels = name.split('.').map((label) => {
    const text = Buffer.from(label, 'latin1');
    return Buffer.concat([Buffer.from([text.length]), text]);
  });
  const data = Buffer.concat([...labels, Buffer.from([0])]);
  const record = Buffer.from('c00c000c0001000000000000', 'hex');
  record.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, query.subarray(12, questionEnd), record, data]);
}

describe('the reverse name', () => {
  it('is what DNS says', async () => {
    const servers = [await startServer('trunk.example.net')];
    expect(await findReverseName('203.0.113.7', { servers })).toBe('trunk.example.net');
  });

  it('cannot speak to the terminal', async () => {
    const servers = [await startServer('evil\x1b[2J.example')];
    expect(await findReverseName('203.0.113.7', { servers })).not.toContain('\x1b');
  });

  it('is not known when nobody answers in time', async () => {
    const servers = [await startServer(null)];
    expect(await findReverseName('2001:db8::7', { servers, msMax: 50 })).toBeNull();
  });
});
