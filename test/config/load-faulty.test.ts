import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSettings, loadWhatCanBeRead } from '../../src/config/load.js';

describe('what can be read of a configuration with a fault', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sentrypeer-config-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is taken, the defaults for the rest, and the fault is told', async () => {
    const file = join(folder, 'typo.conf');
    await writeFile(file, 'control_socket = /srv/a.sock\nlisten_prot = 5\nlisten_port = high\n');
    const source = { file, env: {}, flags: {} };
    const { settings, fault, origins } = await loadWhatCanBeRead(source);
    expect(settings).toMatchObject({ controlSocket: '/srv/a.sock', listenPort: 5060 });
    expect(origins['listen_port']).toBe('default');
    expect(fault).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(fault?.message).toContain(`${file}:2: unknown key listen_prot`);
    await expect(loadSettings(source)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('is nothing of a file that cannot be read, and one that is not there is an error', async () => {
    const from = (file: string) => loadWhatCanBeRead({ file, env: {}, flags: {} });
    const { settings, fault, trial } = await from(folder);
    expect(fault).toMatchObject({ code: 'CONFIG_UNREADABLE' });
    expect({ trial, socket: settings.controlSocket }).toEqual({
      trial: false,
      socket: '/run/sentrypeer/agent.sock',
    });
    await expect(from(join(folder, 'none.conf'))).rejects.toMatchObject({ code: 'CONFIG_MISSING' });
  });
});
