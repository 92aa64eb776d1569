import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadSettings, type LoadedSettings } from '../../src/config/load.js';
import { watchFolder, watchSettings, type Watcher } from '../../src/config/watch.js';
import type { AgentError } from '../../src/core/common/errors.js';

let folder = '';
let file = '';
let open: Watcher[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sentrypeer-watch-'));
  file = join(folder, 'agent.conf');
  await writeFile(file, 'listen_port = 5060\n');
});
afterEach(async () => {
  await Promise.all(open.map((watcher) => watcher.close()));
  open = [];
  await rm(folder, { recursive: true });
});

/** What the watcher told, one after the other, to be waited for. */
async function watched(path: string | null = file) {
  const told: (LoadedSettings | AgentError)[] = [];
  const waiting: ((told: LoadedSettings | AgentError) => void)[] = [];
  const tell = (what: LoadedSettings | AgentError): void => {
    const next = waiting.shift();
    if (next === undefined) told.push(what);
    else next(what);
  };
  const loaded = await loadSettings({ file: path, env: { HOME: folder }, flags: {} });
  const watcher = await watchSettings(loaded, tell, tell);
  open.push(watcher);
  const next = (): Promise<LoadedSettings | AgentError> => {
    const first = told.shift();
    return first === undefined
      ? new Promise((tellMe) => waiting.push(tellMe))
      : Promise.resolve(first);
  };
  return { watcher, next, told };
}

it('takes over a file that was written in place', async () => {
  const { next } = await watched();
  await writeFile(file, 'listen_port = 5070\n');
  expect(await next()).toMatchObject({ settings: { listenPort: 5070 } });
});

it('takes over a file that an editor replaced, again and again', async () => {
  const { next } = await watched();
  for (const port of [5071, 5072, 5073]) {
    await writeFile(`${file}.new`, `listen_port = ${port}\n`);
    await rename(`${file}.new`, file);
    expect(await next()).toMatchObject({ settings: { listenPort: port } });
  }
});

it('reports a bad file and goes on with the next good one', async () => {
  const { next } = await watched();
  await writeFile(file, 'listen_port = high\n');
  expect(await next()).toMatchObject({ code: 'CONFIG_INVALID' });
  await rm(file);
  expect(await next()).toMatchObject({ code: 'CONFIG_MISSING' });
  await writeFile(file, 'listen_port = 5074\n');
  expect(await next()).toMatchObject({ settings: { listenPort: 5074 } });
});

it('tells nothing of a file that means the same, or of its neighbours', async () => {
  const { next, told, watcher } = await watched();
  await writeFile(file, '# a comment\nlisten_port = 5060\n');
  await watcher.reload();
  await writeFile(join(folder, 'other.conf'), 'listen_port = 1\n');
  await watcher.reload();
  expect(told).toEqual([]);
  await writeFile(file, 'listen_port = 5075\n');
  expect(await next()).toMatchObject({ settings: { listenPort: 5075 } });
});

it('reads the file again when it is asked to', async () => {
  const { watcher, told } = await watched();
  await writeFile(file, 'listen_port = 5076\n');
  await watcher.reload();
  expect(told).toMatchObject([{ settings: { listenPort: 5076 } }]);
});

it('tells that a wrong file is right again, even where it means what is in force', async () => {
  let right = 0;
  const loaded = await loadSettings({ file, env: { HOME: folder }, flags: {} });
  const changes: unknown[] = [];
  const watcher = await watchSettings(
    loaded,
    (next) => changes.push(next),
    () => undefined,
    { onRight: () => (right += 1), inForce: () => loaded },
  );
  open.push(watcher);
  await writeFile(file, 'listen_port = high\n');
  await watcher.reload();
  expect(right).toBe(0);
  await writeFile(file, 'listen_port = 5060\n');
  await watcher.reload();
  await watcher.reload();
  expect({ right, changes }).toEqual({ right: 1, changes: [] });
});

it('tells settings again that were not taken over', async () => {
  const loaded = await loadSettings({ file, env: { HOME: folder }, flags: {} });
  const ports: number[] = [];
  const watcher = await watchSettings(
    loaded,
    (next) => ports.push(next.settings.listenPort),
    () => undefined,
    { inForce: () => loaded },
  );
  open.push(watcher);
  await writeFile(file, 'listen_port = 5077\n');
  await watcher.reload();
  await watcher.reload();
  expect(ports.slice(0, 2)).toEqual([5077, 5077]);
});

it('has nothing to follow in a trial', async () => {
  const { watcher, told } = await watched(null);
  await watcher.reload();
  expect(told).toEqual([]);
});

it('follows a folder, one that comes later too', async () => {
  const rules = join(folder, 'rules.d');
  let changed = (): void => undefined;
  const waitForChange = () => new Promise<void>((seen) => (changed = seen));
  open.push(
    await watchFolder(
      rules,
      () => {
        changed();
      },
      (problem) => {
        throw problem;
      },
    ),
  );
  const added = waitForChange();
  await mkdir(rules);
  await writeFile(join(rules, 'a.yaml'), 'a');
  await added;
  const replaced = waitForChange();
  await writeFile(join(rules, 'a.yaml.new'), 'b');
  await rename(join(rules, 'a.yaml.new'), join(rules, 'a.yaml'));
  await replaced;
  const removed = waitForChange();
  await rm(join(rules, 'a.yaml'));
  await removed;
});
