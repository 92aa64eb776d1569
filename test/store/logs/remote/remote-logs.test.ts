import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../../src/agent/certificate/make-certificate.js';
import { LIMITS } from '../../../../src/core/common/limits.js';
import type { AttackType } from '../../../../src/core/model/attack-type.js';
import type { RemoteMessageName, SyslogTransport } from '../../../../src/core/model/remote-log.js';
import { readFacts } from '../../../../src/store/event-facts.js';
import {
  createRemoteLogs,
  type RemoteLogs,
  type RemoteOptions,
} from '../../../../src/store/logs/remote/remote-logs.js';
import { waitUntil } from '../../../lab/wait-until.js';
import { makeFolder, sampleEvent, START_US } from '../../samples.js';
import {
  readFrames,
  receiveDatagrams,
  receiveStream,
  type Receiver,
} from '../../remote/receivers.js';

const ORIGIN = { appVersion: '1.0.0', instanceId: 'i' };
const NO_FILES = { caFile: null, certificateFile: null, keyFile: null };
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function receive(make: Promise<Receiver>): Promise<Receiver> {
  const receiver = await make;
  closing.push(receiver.close);
  return receiver;
}

function open(options: Omit<RemoteOptions, 'facility'>, part: 'agent' | 'events' = 'agent') {
  const notices: string[] = [];
  const counts: unknown[] = [];
  const logs = createRemoteLogs({ ...options, facility: 'daemon' }, part, ORIGIN, {
    onNotice: (text) => notices.push(text),
    onCounts: (each) => counts.push(each),
  });
  closing.push(() => logs.close());
  return { logs, notices, counts };
}

const toSyslog = (
  transport: SyslogTransport,
  port: number,
  more: Partial<RemoteOptions['syslog']> = {},
) => ({
  journal: null,
  syslog: {
    server: { transport, host: transport === 'tls' ? 'localhost' : '127.0.0.1', port },
    messages: ['agent', 'events'] as readonly RemoteMessageName[],
    format: 'text' as const,
    ...NO_FILES,
    ...more,
  },
});

const texts = (receiver: Receiver): string[] =>
  readFrames(receiver.text()).map((line) => line.slice(line.indexOf(' - ') + 3));

const sayMany = (logs: RemoteLogs, count: number, text = 'line'): void => {
  for (let at = 1; at <= count; at += 1) logs.say(`${text} ${at}`, START_US);
};

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `line ${at + 1}`);

describe('syslog over TCP', () => {
  it('sends what there is in order, and the rest when it is closed', async () => {
    const receiver = await receive(receiveStream());
    const { logs, counts, notices } = open(toSyslog('tcp', receiver.port));
    sayMany(logs, 1_000);
    await logs.close();
    await waitUntil('all came', () => texts(receiver).length === 1_000);
    expect(texts(receiver)).toEqual(numbered(1_000));
    expect(receiver.connections()).toBe(1);
    const syslog = { sent: 1_000, waiting: 0, lost: 0, lastError: null };
    expect(counts.at(-1)).toEqual({ syslog });
    expect(notices).toEqual([]);
  });

  it('waits for a server that is not there, says so once, and goes on', async () => {
    const first = await receiveStream();
    await first.close();
    const { logs, notices } = open(toSyslog('tcp', first.port));
    sayMany(logs, 3);
    await waitUntil('the failure is told', () => notices.length > 0);
    expect(logs.counts().syslog?.lastError).toContain('ECONNREFUSED');
    const receiver = await receive(receiveStream({ port: first.port }));
    await waitUntil('all came', () => texts(receiver).length === 3);
    await waitUntil('it is told', () => notices.length === 2);
    expect(notices[0]).toMatch(/^syslog tcp:\/\/127\.0\.0\.1:\d+: connect ECONNREFUSED .*wait in/);
    expect(notices[1]).toMatch(/takes lines again; lost since the start: 0$/);
    expect(logs.counts().syslog).toMatchObject({ sent: 3, lost: 0, lastError: null });
  });

  it('connects again when the connection breaks', async () => {
    const receiver = await receive(receiveStream());
    const { logs } = open(toSyslog('tcp', receiver.port));
    logs.say('line 1', START_US);
    await waitUntil('sent', () => logs.counts().syslog?.sent === 1);
    receiver.breakAll();
    await waitUntil('the break is seen', () => {
      logs.say('again', START_US);
      return receiver.connections() === 2 && texts(receiver).includes('again');
    });
    expect(texts(receiver)[0]).toBe('line 1');
  });

  it('never waits for a server that does not read: what has no room is counted', async () => {
    const receiver = await receive(receiveStream({ reads: false }));
    const { logs, counts } = open(toSyslog('tcp', receiver.port));
    const text = 'x'.repeat(3_000);
    sayMany(logs, LIMITS.remoteQueuedLinesMax + 500, text);
    const { waiting = 0, lost = 0 } = logs.counts().syslog ?? {};
    expect(waiting + lost).toBe(LIMITS.remoteQueuedLinesMax + 500);
    expect(waiting * text.length).toBeLessThanOrEqual(LIMITS.remoteQueuedBytesMax);
    expect(lost).toBeGreaterThan(500);
    await waitUntil('it is told', () => counts.length > 0);
  });

  it('gives up what was not sent soon after the end, and counts it', async () => {
    const receiver = await receive(receiveStream({ reads: false }));
    const { logs, notices, counts } = open(toSyslog('tcp', receiver.port));
    sayMany(logs, 5_000, 'x'.repeat(3_000));
    await logs.close();
    const { sent = 0, waiting, lost = 0 } = logs.counts().syslog ?? {};
    expect(waiting).toBe(0);
    expect(sent + lost).toBe(5_000);
    expect(lost).toBeGreaterThan(0);
    expect(notices.at(-1)).toMatch(/lines were not sent before the end$/);
    expect(counts.at(-1)).toEqual(logs.counts());
  }, 15_000);
});

describe('syslog over TLS', () => {
  const setUp = async (name: string, more: { requestCert?: boolean } = {}) => {
    const folder = await makeFolder();
    const { certificate: cert, key } = await makeCertificate(name, Date.now());
    const files = { caFile: join(folder, 'ca.pem'), keyFile: join(folder, 'key.pem') };
    await writeFile(files.caFile, cert);
    await writeFile(files.keyFile, key);
    const asks = more.requestCert === true ? { requestCert: true, ca: cert } : {};
    const receiver = await receive(receiveStream({ tls: { cert, key, ...asks } }));
    return { receiver, ...files };
  };

  it('sends to a server whose certificate its authority signed', async () => {
    const { receiver, caFile } = await setUp('localhost');
    const { logs, notices } = open(toSyslog('tls', receiver.port, { caFile }));
    sayMany(logs, 10);
    await waitUntil('all came', () => texts(receiver).length === 10);
    expect(notices).toEqual([]);
  });

  it.each([
    ['signed by nobody who is trusted', 'localhost', false, /trusted.*syslog_ca_file/],
    ['for another name', 'log.example.org', true, /certificate is for another name.*localhost/],
  ])('sends nothing to one whose certificate is %s', async (_, name, trusted, says) => {
    const { receiver, caFile } = await setUp(name);
    const { logs, notices } = open(
      toSyslog('tls', receiver.port, { caFile: trusted ? caFile : null }),
    );
    sayMany(logs, 1);
    await waitUntil('it is told', () => notices.length === 1);
    expect(notices[0]).toMatch(says);
    expect(receiver.text()).toBe('');
  });

  it('shows its own certificate, and keeps what a server refused for want of one', async () => {
    const { receiver, caFile, keyFile } = await setUp('localhost', { requestCert: true });
    const bare = open(toSyslog('tls', receiver.port, { caFile }));
    sayMany(bare.logs, 1);
    await waitUntil('the refusal is told', () => bare.notices.length === 1);
    expect(bare.notices[0]).toMatch(/certificate required/);
    expect(bare.logs.counts().syslog).toMatchObject({ sent: 0, waiting: 1 });
    const shown = open(
      toSyslog('tls', receiver.port, { caFile, certificateFile: caFile, keyFile }),
    );
    sayMany(shown.logs, 2);
    await waitUntil('all came', () => texts(receiver).length === 2);
    expect(shown.notices).toEqual([]);
  });

  it('names the file that cannot be read', async () => {
    const { receiver } = await setUp('localhost');
    const { logs, notices } = open(toSyslog('tls', receiver.port, { caFile: '/nowhere/ca.pem' }));
    sayMany(logs, 1);
    await waitUntil('it is told', () => notices.length === 1);
    expect(notices[0]).toContain('/nowhere/ca.pem');
  });
});

describe('syslog over UDP', () => {
  it('sends a datagram a message', async () => {
    const receiver = await receive(receiveDatagrams());
    const { logs } = open(toSyslog('udp', receiver.port));
    sayMany(logs, 50);
    await waitUntil('all came', () => receiver.text().split('\n').length === 50);
    expect(receiver.text().split('\n')[0]).toMatch(/^<29>1 .* agent - line 1$/);
  });

  it('says once that nobody listens, and sends what waited once somebody does', async () => {
    const first = await receiveDatagrams();
    await first.close();
    const { logs, notices } = open(toSyslog('udp', first.port));
    sayMany(logs, 3);
    await waitUntil('it is told', () => notices.length > 0);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain('ECONNREFUSED');
    const receiver = await receive(receiveDatagrams(first.port));
    await waitUntil('all came', () => receiver.text().split('\n').length >= 3);
    await waitUntil('it is told', () => notices.length === 2);
  });
});

describe('the journal', () => {
  it('gets the greeting and a line a message', async () => {
    const path = join(await makeFolder(), 'stdout');
    const receiver = await receive(receiveStream({ path }));
    const journal = { messages: ['agent' as const], socket: path };
    const { logs } = open({ syslog: null, journal });
    sayMany(logs, 2);
    await logs.close();
    const text = 'sentrypeer-agent\n\n29\n1\n0\n0\n0\n<5>line 1\n<5>line 2\n';
    await waitUntil('it came', () => receiver.text() === text);
  });

  it('says that there is none', async () => {
    const journal = { messages: ['agent' as const], socket: '/nowhere/journal' };
    const { logs, notices } = open({ syslog: null, journal });
    sayMany(logs, 1);
    await waitUntil('it is told', () => notices.length === 1);
    expect(notices[0]).toMatch(/^journal \/nowhere\/journal: connect ENOENT/);
  });
});

describe('what goes where', () => {
  const record = (id: number, attackType: AttackType | null) => sampleEvent(id, { attackType });

  it.each<[readonly RemoteMessageName[], readonly string[]]>([
    [['agent'], []],
    [['attacks'], ['attack']],
    [
      ['agent', 'events'],
      ['event', 'attack'],
    ],
  ])('of %j', async (messages, kinds) => {
    const receiver = await receive(receiveStream());
    const { logs } = open(toSyslog('tcp', receiver.port, { messages }), 'events');
    for (const each of [record(1, null), record(2, 'sip_scan')]) logs.event(each, readFacts(each));
    await logs.close();
    const seen = (): string[] =>
      readFrames(receiver.text()).map((line) => line.split(' ')[5] ?? '');
    await waitUntil('it came', () => seen().length === kinds.length);
    expect(seen()).toEqual(kinds);
  });
});
