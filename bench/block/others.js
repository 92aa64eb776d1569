// fail2ban and sshguard as Debian ships them, in the lab's namespace with files of their own: from the line
// in the log to the element in the kernel's set. One line blocks, so that what is measured is the way.
import { appendFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measuredBy } from '../parts/figures.js';
import * as lab from './lab.js';

const SSHGUARD = '/usr/libexec/sshguard';
const nowMs = () => performance.timeOrigin + performance.now();
const address = (index) => `10.60.${(index >> 8) & 255}.${index & 255}`;

const OTHERS = [
  {
    name: 'fail2ban',
    isInstalled: () => existsSync('/usr/bin/fail2ban-server') && existsSync('/etc/fail2ban'),
    start: startFail2ban,
    line: (ip) =>
      `[${new Date().toISOString().slice(0, 19).replace('T', ' ')}] NOTICE[1]: chan_sip.c:28000 handle: ` +
      `Registration from '"1" <sip:1@a>' failed for '${ip}:5060' - Wrong password\n`,
  },
  {
    name: 'sshguard',
    isInstalled: () => existsSync(`${SSHGUARD}/sshg-blocker`),
    start: startSshguard,
    line: (ip) => `Nov 24 10:00:00 host sshd[1]: Invalid user admin from ${ip} port 4242\n`,
  },
];

export async function measureOthers(place, say, { yardsticks }) {
  for (const other of OTHERS) {
    if (other.isInstalled()) await measureOne(place, say, yardsticks, other);
    else say(`${other.name}: not installed, left out`);
  }
}

async function measureOne(place, say, yardsticks, { name, start, line }) {
  const folder = join(place.folder, name);
  const log = join(folder, 'log');
  mkdirSync(folder);
  writeFileSync(log, '');
  const seen = new Map();
  const monitor = lab.monitor(place, ['new', 'elements'], (text, atMs) => {
    const match = /^add element .*\{ (10\.60\.[0-9]+\.[0-9]+)/.exec(text);
    if (match !== null && !seen.has(match[1])) seen.set(match[1], atMs);
  });
  const stop = await start(place, folder, log);
  try {
    appendFileSync(log, line(address(0)));
    await lab.until(`${name} blocks`, () => seen.size > 0, 20_000);
    const took = [];
    for (let index = 1; index <= 20; index += 1) {
      const writtenMs = nowMs();
      appendFileSync(log, line(address(index)));
      await lab.until(`${name} blocks`, () => seen.has(address(index)), 20_000, 1);
      took.push(seen.get(address(index)) - writtenMs);
      await lab.pause(50 + Math.random() * 200);
    }
    say(`${name}, one line: ${lab.quantiles(took)}`);
    yardsticks.push(measuredBy(`${name}, one line: median`, lab.quantile(took, 0.5), 'ms'));
    const before = seen.size;
    const writtenMs = nowMs();
    appendFileSync(
      log,
      Array.from({ length: 1000 }, (_, index) => line(address(4096 + index))).join(''),
    );
    await lab.until('all', () => seen.size >= before + 1000, 60_000).catch(() => null);
    const last = Math.max(...seen.values()) - writtenMs;
    say(
      `${name}, 1,000 at once: ${seen.size - before} in the set, the last after ${last.toFixed(0)} ms`,
    );
    yardsticks.push(measuredBy(`${name}, 1,000 at once: the last after`, last, 'ms'));
  } catch (error) {
    say(`${name}: ${error.message}`);
  } finally {
    await stop();
    monitor.kill();
  }
}

async function startFail2ban(place, folder, log) {
  for (const part of ['filter.d', 'action.d'])
    symlinkSync(`/etc/fail2ban/${part}`, join(folder, part));
  const [socket, pid] = [join(folder, 'f2b.sock'), join(folder, 'f2b.pid')];
  writeFileSync(
    join(folder, 'fail2ban.conf'),
    `[Definition]\nloglevel = ERROR\nlogtarget = ${join(folder, 'own.log')}\nsyslogsocket = auto\n` +
      `socket = ${socket}\npidfile = ${pid}\ndbfile = :memory:\ndbpurgeage = 1d\ndbmaxmatches = 10\n` +
      '[Thread]\nstacksize = 0\n',
  );
  writeFileSync(
    join(folder, 'jail.conf'),
    `[DEFAULT]\nbackend = auto\nusedns = no\nignoreip =\nbantime = 600\nfindtime = 600\nmaxretry = 1\n` +
      `logencoding = utf-8\nmaxmatches = 10\n[sip]\nenabled = true\nfilter = asterisk\nlogpath = ${log}\n` +
      'action = nftables[name=sip, type=allports, protocol=udp]\n',
  );
  const words = ['-c', folder, '-s', socket, '-p', pid, '-f', '-x', 'start'];
  const child = place.start('agent', 'fail2ban-server', words);
  await lab.until('fail2ban listens', () => existsSync(socket), 20_000);
  await lab.pause(2000);
  return () => end(child);
}

async function startSshguard(place, folder, log) {
  // What Debian's /usr/sbin/sshguard puts together, but for its configuration file.
  const parts = [
    `tail -n 0 -F '${log}'`,
    `${SSHGUARD}/sshg-parser`,
    `${SSHGUARD}/sshg-blocker -a 10 -p 600 -s 600`,
    `${SSHGUARD}/sshg-fw-nft-sets`,
  ];
  const child = place.start('agent', 'setsid', ['sh', '-c', parts.join(' | ')]);
  await lab.pause(2000);
  return () => end(child, true);
}

async function end(child, group = false) {
  if (child.exitCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  if (group) process.kill(-child.pid, 'SIGTERM');
  else child.kill('SIGTERM');
  await Promise.race([exited, lab.pause(10_000)]);
}
