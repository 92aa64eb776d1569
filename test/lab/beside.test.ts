import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nftTable } from './counters.js';
import { createLab, type Lab } from './lab.js';
import type { LabProcess } from './lab-process.js';
import { runJson } from './program.js';
import { requireLab } from './require-lab.js';
import { startAgent } from './start-agent.js';
import { waitUntil } from './wait-until.js';

const needs = requireLab(['nft', 'svmap']);

/** Two services of the same host, and what an attacker gets of it all. */
const SSH_PORT = 2222;
const WEB_PORT = 80;
const SERVICES = `for (const port of [${SSH_PORT}, ${WEB_PORT}])
  require('net').createServer((socket) => socket.end()).listen(port, () => console.log('open'));`;

/** Prints `UDP TCP SSH WEB`, each `heard`, `open` or `closed`; the SIP port is the argument. */
const LOOK = `
const [from, to, sip] = process.argv.slice(1);
const net = require('net');
const text = (transport) => ['OPTIONS sip:100@' + to + ' SIP/2.0',
  'Via: SIP/2.0/' + transport + ' ' + from + ':5061;branch=z9hG4bK-' + process.hrtime.bigint() + ';rport',
  'From: "sipvicious"<sip:100@1.1.1.1>;tag=6330303030323031313363340131333230',
  'To: "sipvicious"<sip:100@1.1.1.1>', 'Call-ID: ' + process.hrtime.bigint(), 'CSeq: 1 OPTIONS',
  'Contact: <sip:100@' + from + ':5061>', 'User-Agent: friendly-scanner', 'Max-Forwards: 70',
  'Content-Length: 0', '', ''].join('\\r\\n');
const within = (act) => new Promise((done) => { setTimeout(done, 600, 'closed'); act(done); });
const udp = within((done) => {
  const socket = require('dgram').createSocket('udp4');
  socket.on('message', () => done('heard'));
  socket.bind(0, from, () => socket.send(text('UDP'), Number(sip), to));
});
const tcp = (port) => within((done) => {
  const socket = net.connect({ host: to, port: Number(port), localAddress: from });
  socket.on('error', () => done('closed'));
  socket.on('connect', () => (port === sip ? socket.write(text('TCP')) : done('open')));
  socket.on('data', () => done('heard'));
});
Promise.all([udp, tcp(sip), tcp('${SSH_PORT}'), tcp('${WEB_PORT}')]).then((all) => {
  console.log(all.join(' '));
  process.exit(0);
});`;

describe.skipIf(needs.skip)(`a source that the trap goes on hearing ${needs.note}`, () => {
  let lab: Lab;
  let services: LabProcess;

  beforeEach(async () => {
    lab = await createLab();
    services = lab.agent.spawn(process.execPath, ['-e', SERVICES]);
    await services.line((each) => each === 'open');
  });

  afterEach(async () => {
    await lab.close();
  });

  const look = async (port = 5060): Promise<string> => {
    const words = ['-e', LOOK, lab.attacker.ipv4, lab.agent.ipv4, String(port)];
    return (await lab.attacker.exec(process.execPath, words)).stdout.trim();
  };

  const configure = (folder: string, more: string): string => {
    const places = ['database_file', 'log_file', 'json_log_file', 'control_socket', 'rules_dir'];
    const lines = places.map((key) => `${key} = ${join(folder, key)}`).join('\n');
    const file = join(folder, 'agent.conf');
    writeFileSync(file, `${lines}\n${more}\n[blocking]\nscope = beside\nunproven = beside\n`);
    return file;
  };

  it('is answered, and shut out of all else: after a flush, a reload and a start as well', async () => {
    const folder = lab.makeFolder();
    const file = configure(folder, 'listen_port = 5060');
    const agent = await startAgent(lab, { args: ['-c', file], stateDir: folder });
    expect(await look()).toBe('heard heard open open');
    expect(await look()).toBe('heard heard closed closed');
    const scan = await lab.attacker.exec('svmap', [lab.agent.ipv4]);
    expect(scan.stdout).toContain(`${lab.agent.ipv4}:5060`);
    const { blocks } = await runJson<{ blocks: readonly unknown[] }>(lab.agent, folder, [
      ...['blocks', 'list', '--all'],
      ...['-c', file],
    ]);
    expect(blocks).toContainEqual(
      expect.objectContaining({ target: `${lab.attacker.ipv4}/32`, scope: 'beside', proof: 'tcp' }),
    );

    await lab.agent.exec('nft', ['flush', 'ruleset']);
    const isThere = async (): Promise<boolean> =>
      (await nftTable(lab.agent)).includes(lab.attacker.ipv4);
    await waitUntil('the block is back', isThere);
    expect(await look()).toBe('heard heard closed closed');

    // Sockets stay where they are until the next start, and so does what is left open.
    configure(folder, 'listen_port = 5070\nsip_domain = pbx.example.org');
    await waitUntil('it is taken over', () =>
      agent.stdout.some((line) => line.includes('takes effect at the next start: listen_port')),
    );
    expect(await look()).toBe('heard heard closed closed');
    await agent.stop('SIGTERM');
    const again = await startAgent(lab, { args: ['-c', file], stateDir: folder });
    expect(await look(5070)).toBe('heard heard closed closed');
    expect(await look(5060)).toBe('closed closed closed closed');
    await again.stop('SIGTERM');
  }, 60_000);
});
