import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decideSettings, describeSettings, loadSettings } from '../../src/config/load.js';
import { KEY_PLACES } from '../../src/config/schema.js';
import { AgentError } from '../../src/core/common/errors.js';
import { LIMITS } from '../../src/core/common/limits.js';

const FILE = '/x/agent.conf';

const decide = (
  text: string,
  env: Record<string, string> = {},
  flags: Record<string, string> = {},
) => decideSettings({ file: FILE, env, flags }, text);

function problemOf(text: string, env: Record<string, string> = {}): AgentError {
  try {
    decide(text, env);
  } catch (error) {
    if (error instanceof AgentError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

describe('a configuration file', () => {
  it('is accepted empty, and gives the defaults', () => {
    const { settings, trial } = decide('');
    expect(trial).toBe(false);
    expect(settings).toMatchObject({
      listenAddresses: ['0.0.0.0'],
      listenPort: 5060,
      transports: ['udp', 'tcp'],
      sipDomain: 'sentrypeer.org',
      databaseFile: '/var/lib/sentrypeer/sentrypeer.db',
      controlSocket: '/run/sentrypeer/agent.sock',
      rulesDir: '/etc/sentrypeer/rules.d',
      verbose: false,
      blocking: {
        mode: 'enforce',
        threshold: 100,
        scoreHalfLifeS: 3_600,
        durationS: 3_600,
        durationFactor: 4,
        durationMaxS: 2_592_000,
        unproven: 'sip',
        unprovenDurationS: 600,
        scope: 'all',
        prefixIpv4: 32,
        prefixIpv6: 64,
        sipPorts: [5060, 5061],
        blocksMax: 1_000_000,
        newUnprovenPerMinuteMax: 600,
        protect: [],
      },
      jobs: { blockExpiry: '* * * * *' },
      retention: { eventsMaxAgeS: 2_592_000, databaseBytesMax: 1_073_741_824 },
    });
  });

  it('may hold a byte order mark, CRLF, comments, quotes and blanks', () => {
    const text =
      '\uFEFF# first\r\nlisten_port=5070 # why not\r\n\r\n  sip_domain = "pbx.example.org"\r\n' +
      '[ blocking ]\r\nprotect = 192.0.2.7 , 2001:DB8::/32\r\n';
    const { settings, origins } = decide(text);
    expect(settings.listenPort).toBe(5070);
    expect(settings.sipDomain).toBe('pbx.example.org');
    expect(settings.blocking.protect).toEqual(['192.0.2.7/32', '2001:db8::/32']);
    expect(origins['listen_port']).toBe(`${FILE}:2`);
    expect(origins['blocking.protect']).toBe(`${FILE}:6`);
    expect(origins['blocking.mode']).toBe('default');
  });

  it('counts the port of the trap among the SIP ports, wherever that was moved', () => {
    expect(decide('listen_port = 5080').settings.blocking.sipPorts).toEqual([5080, 5060, 5061]);
    expect(decide('[blocking]\nsip_ports = 5062').settings.blocking.sipPorts).toEqual([5062]);
  });

  it('knows the three scopes for proven sources and for others', () => {
    const { blocking } = decide('[blocking]\nscope = beside\nunproven = beside').settings;
    expect(blocking).toMatchObject({ scope: 'beside', unproven: 'beside' });
  });

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    [
      'a scope that ufw cannot do',
      '[blocking]\nbackend = ufw\nscope = beside',
      /^\/x\/agent.conf:3: \[blocking\] scope: read 'beside', but ufw cannot close all but the trap: .*; allowed is all or sip, or backend = nftables/,
    ],
    [
      'the same for unproven sources',
      '[blocking]\nunproven = beside\nbackend = ufw',
      /^\/x\/agent.conf:2: \[blocking\] unproven: .*; allowed is none, all or sip, or backend/,
    ],
    [
      'a slip in a key',
      'listen_prot = 1',
      /^\/x\/agent.conf:1: unknown key listen_prot; did you mean 'listen_port'\?/,
    ],
    [
      'a slip in a sectioned key',
      '\n[blocking]\nthreshhold = 1',
      /:3: unknown key \[blocking\] threshhold; did you mean '\[blocking\] threshold'\?/,
    ],
    [
      'a key of another section',
      'threshold = 1',
      /:1: unknown key threshold; threshold belongs in \[blocking\]/,
    ],
    [
      'a top key in a section',
      '[jobs]\nlisten_port = 1',
      /:2: .*listen_port belongs above the sections/,
    ],
    [
      'a slip in a section',
      '[bloking]\nmode = observe',
      /:2: unknown section \[bloking\]; did you mean 'blocking'\?/,
    ],
    ['a section named top', '[top]\nlisten_port = 1', /:2: unknown section \[top\]/],
    ['a key like nothing known', 'colour = blue', /:1: unknown key colour$/],
    [
      'a key given twice',
      'listen_port = 1\nlisten_port = 2',
      /:2: listen_port was given before, at \/x\/agent.conf:1/,
    ],
    [
      'a line without =',
      'listen_port 5060',
      /:1: read 'listen_port 5060', expected 'key = value' or/,
    ],
    [
      'a port out of range',
      'listen_port = 70000',
      /:1: listen_port: read '70000', but it is out of range; allowed is a port from 1 to 65535/,
    ],
    ['no value', 'listen_port =', /:1: listen_port: read '', but it is no whole number/],
    [
      'a transport that is not offered',
      'transports = udp, carrier-pigeon',
      /:1: transports: read .*'carrier-pigeon': it is none of these words; allowed is .*udp, tcp, tls, ws or wss/,
    ],
    ['an address with a host name', 'listen_address = localhost', /it is no IP address/],
    [
      'no host name to protect',
      '[blocking]\nprotect = trunk_.example.org',
      /it is no host name; allowed is a list/,
    ],
    [
      'a network with host bits',
      '[blocking]\nprotect = 10.0.0.1/8',
      /bits beyond its length are set/,
    ],
    [
      'a duration without unit',
      '[blocking]\nduration = 60',
      /it is no duration; allowed is a duration such as 90s, 10m, 4h or 7d/,
    ],
    [
      'a size in other units',
      '[retention]\ndatabase_max_size = 1GB',
      /it is no size; allowed is a size such as 512KiB/,
    ],
    [
      'a cron expression of four fields',
      '[jobs]\nblock_expiry = * * * *',
      /it is no cron expression/,
    ],
    ['a relative path', 'log_file = agent.log', /it is no absolute path/],
    ['neither true nor false', 'verbose = maybe', /it is neither true nor false/],
    ['a word of another language', '[blocking]\nmode = enforced', /allowed is enforce or observe/],
    [
      'an endless line',
      `log_file = /${'x'.repeat(LIMITS.configLineCharsMax)}`,
      /:1: the line is longer/,
    ],
    ['control characters', 'log_file\u001b[2J = 1', /unknown key log_file\\x1b\[2J/],
  ];
  it.each(wrong)('is refused for %s', (_name, text, message) => {
    const problem = problemOf(text);
    expect(problem.code).toBe('CONFIG_INVALID');
    expect(problem.message).toMatch(message);
    expect(problem.message).not.toContain('\n');
    expect(problem.remedy).toContain('config check');
  });

  it.each([
    'webhooks = slack+https://hooks.slack.com/T0/SECRET, json+http://example.org/SECRET',
    'webhooks = telegram+https://api.telegram.org/botSECRET/sendMessage',
    'smtp_password = SECRET\u0007',
    'webhook_secret = SECRET\u0007',
  ])('does not tell what is secret: %s', (line) => {
    const { message } = problemOf(`[alerts]\n${line}`);
    expect(message).toContain('it is secret');
    expect(message).not.toContain('SECRET');
  });

  it('says where else it is wrong', () => {
    expect(problemOf('a = 1\nlisten_port = x\nb = 2').message).toMatch(
      /^\/x\/agent.conf:1: unknown key a.*; \/x\/agent.conf:2: listen_port: .*; \/x\/agent.conf:3: unknown key b/,
    );
  });

  it('never makes anything but settings or CONFIG_INVALID of a text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        try {
          expect(decide(text).file).toBe(FILE);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
        }
      }),
    );
  });
});

describe('precedence', () => {
  const env = { SENTRYPEER_BLOCKING_THRESHOLD: '70', SENTRYPEER_CONFIG: FILE, PATH: '/bin' };
  it('is flag, environment, file, default', () => {
    const text = '[blocking]\nthreshold = 60\nprefix_ipv4 = 24';
    const seen = decide(text, env, { verbose: 'true' });
    expect(seen.settings.blocking.threshold).toBe(70);
    expect(seen.origins).toMatchObject({
      'blocking.threshold': 'environment',
      'blocking.prefix_ipv4': `${FILE}:3`,
      'blocking.mode': 'default',
      verbose: 'flag',
    });
    expect(decide(text, env, { 'blocking.threshold': '80' }).settings.blocking.threshold).toBe(80);
  });

  it('refuses a variable that is no key, and a bad value in one, by its name', () => {
    expect(problemOf('', { SENTRYPEER_LISTEN_PROT: '1' }).message).toMatch(
      /^environment variable SENTRYPEER_LISTEN_PROT: .*did you mean 'SENTRYPEER_LISTEN_PORT'/,
    );
    expect(problemOf('', { SENTRYPEER_LISTEN_PORT: 'x' }).message).toMatch(
      /^SENTRYPEER_LISTEN_PORT: listen_port: read 'x'/,
    );
  });

  it('gives each key a variable and an id of its own', () => {
    expect(new Set(KEY_PLACES.map((place) => place.variable)).size).toBe(KEY_PLACES.length);
    expect(new Set(KEY_PLACES.map((place) => place.id)).size).toBe(KEY_PLACES.length);
  });

  it('is told key by key, with the value as the file would have it', () => {
    const rows = describeSettings(decide('[blocking]\nduration = 90m', {}));
    expect(rows).toHaveLength(KEY_PLACES.length);
    expect(rows.find((row) => row.key === 'duration')).toEqual({
      section: 'blocking',
      key: 'duration',
      value: '90m',
      origin: `${FILE}:2`,
    });
  });

  it('takes a flag that names no key for a fault of the program', () => {
    expect(() => decide('', {}, { colour: 'x' })).toThrow(TypeError);
  });
});

describe('a trial', () => {
  const trial = (env: Record<string, string>) =>
    decideSettings({ file: null, env, flags: {} }, null);
  it('keeps everything in the state folder', () => {
    const { settings, origins, trial: isTrial } = trial({ XDG_STATE_HOME: '/s', HOME: '/h' });
    expect(isTrial).toBe(true);
    expect(settings).toMatchObject({
      logFile: '/s/sentrypeer/sentrypeer.log',
      jsonLogFile: '/s/sentrypeer/sentrypeer.json',
      databaseFile: '/s/sentrypeer/sentrypeer.db',
      controlSocket: '/s/sentrypeer/agent.sock',
      rulesDir: '/s/sentrypeer/rules.d',
    });
    expect(origins['database_file']).toBe('trial');
    expect(origins['listen_port']).toBe('default');
  });

  it('goes below the home folder when XDG_STATE_HOME is unset or relative', () => {
    for (const env of [{ HOME: '/h' }, { HOME: '/h', XDG_STATE_HOME: 'state' }]) {
      expect(trial(env).settings.rulesDir).toBe('/h/.local/state/sentrypeer/rules.d');
    }
  });
});

describe('a file that cannot be read', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sentrypeer-config-'));
    await writeFile(join(folder, 'big.conf'), '#'.repeat(LIMITS.configFileBytesMax + 1));
    await writeFile(join(folder, 'good.conf'), 'listen_port = 5070\n');
  });
  afterAll(() => rm(folder, { recursive: true }));
  const load = (name: string) => loadSettings({ file: join(folder, name), env: {}, flags: {} });

  it('is named, with the cause', async () => {
    await expect(load('none.conf')).rejects.toMatchObject({ code: 'CONFIG_MISSING' });
    await expect(load('.')).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
    await expect(load('big.conf')).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
    expect((await load('good.conf')).settings.listenPort).toBe(5070);
  });
});
