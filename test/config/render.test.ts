import { describe, expect, it } from 'vitest';
import { decideSettings } from '../../src/config/load.js';
import { changedKeys, changesNeedingRestart } from '../../src/config/changes.js';
import { renderConfig, renderConfigDocs } from '../../src/config/render.js';
import { KEY_PLACES } from '../../src/config/schema.js';

const load = (text: string) => decideSettings({ file: '/f', env: {}, flags: {} }, text).settings;

describe('the rendered configuration file', () => {
  it('gives the defaults when it is loaded', () => {
    expect(load(renderConfig())).toEqual(load(''));
  });

  it('holds one literal line for each key, so that sed works', () => {
    const lines = renderConfig().split('\n');
    for (const { key } of KEY_PLACES) {
      if (!key.served) continue;
      expect(lines.filter((line) => line.startsWith(`${key.key} =`))).toHaveLength(1);
    }
    const text = renderConfig().replace(/^listen_port = .*$/m, 'listen_port = 5070');
    expect(load(text).listenPort).toBe(5070);
  });

  it('takes other values than the defaults', () => {
    expect(load(renderConfig({ sip_domain: 'pbx.example.org' })).sipDomain).toBe('pbx.example.org');
  });
});

it('is documented in docs/CONFIGURATION.md', async () => {
  await expect(renderConfigDocs()).toMatchFileSnapshot('../../docs/CONFIGURATION.md');
});

describe('changes', () => {
  const check = (before: string, after: string) => ({
    changed: changedKeys(load(before), load(after)),
    restart: changesNeedingRestart(load(before), load(after)),
  });
  it('are none between equal settings written differently', () => {
    expect(check('', 'listen_port = 5060\n[blocking]\nduration = 60m').changed).toEqual([]);
  });
  it('need a restart for sockets and files, not for decisions', () => {
    expect(check('', 'listen_port = 5070\n[blocking]\nthreshold = 50')).toEqual({
      changed: ['listen_port', 'blocking.threshold', 'blocking.sip_ports'],
      restart: ['listen_port'],
    });
    const places = 'log_file = /a\ndatabase_file = /b\ncontrol_socket = /c\njson_log_file = /d';
    expect(check('', places).restart).toHaveLength(4);
    // The folder that is watched, and what the terminal shows, are chosen at the start.
    expect(check('', 'rules_dir = /a').restart).toEqual(['rules_dir']);
    expect(check('', 'verbose = true').restart).toEqual(['verbose']);
  });
});
