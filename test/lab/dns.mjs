// A name server for the lab: dns.mjs FILE. The file is JSON, read anew for each question:
// {"NAME TYPE": ["address" | "port target", …]} with TYPE A, AAAA or SRV. What is not there is NXDOMAIN.
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';

const [file] = process.argv.slice(2);
const TYPES = { 1: 'A', 28: 'AAAA', 33: 'SRV' };
const HEADER = 12;

function readQuestion(bytes) {
  const labels = [];
  let at = HEADER;
  for (let length = bytes[at]; length > 0; length = bytes[at]) {
    labels.push(bytes.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: bytes.readUInt16BE(at + 1), end: at + 5 };
}

const writeName = (name) =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
    Buffer.from([0]),
  ]);

function writeData(type, text) {
  if (type === 'A') return Buffer.from(text.split('.').map(Number));
  if (type === 'AAAA') {
    // The long form, as the file has to give it.
    return Buffer.from(
      text
        .split(':')
        .map((part) => part.padStart(4, '0'))
        .join(''),
      'hex',
    );
  }
  const [port, target] = text.split(' ');
  const head = Buffer.alloc(6);
  head.writeUInt16BE(Number(port), 4);
  return Buffer.concat([head, writeName(target)]);
}

function answer(bytes) {
  const { name, type, end } = readQuestion(bytes);
  const records = JSON.parse(readFileSync(file, 'utf8'));
  const known = Object.keys(records).some((key) => key.startsWith(`${name} `));
  const found = records[`${name} ${TYPES[type]}`] ?? [];
  const head = Buffer.from(bytes.subarray(0, HEADER));
  head.writeUInt16BE(known ? 0x8580 : 0x8583, 2);
  head.writeUInt16BE(found.length, 6);
  head.writeUInt32BE(0, 8);
  const parts = found.map((text) => {
    const data = writeData(TYPES[type], text);
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc000 + HEADER, 0);
    record.writeUInt16BE(type, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(1, 6);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([head, bytes.subarray(HEADER, end), ...parts]);
}

const socket = createSocket('udp4');
socket.on('message', (bytes, from) => socket.send(answer(bytes), from.port, from.address));
socket.bind(53, '127.0.0.1', () => process.stdout.write('answers\n'));
