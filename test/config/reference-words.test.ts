import { describe, expect, it } from 'vitest';
import { decideSettings, type LoadedSettings } from '../../src/config/load.js';
import { renderConfig } from '../../src/config/render.js';
import { resolveConfigFile } from '../../src/config/resolve.js';

const decide = (text: string, env: Record<string, string> = {}): LoadedSettings =>
  decideSettings({ file: '/x.conf', env, flags: {} }, text);

describe('the keys of SentryPeer’s documentation', () => {
  it('that ask for the API are followed', () => {
    const { settings, notices } = decide('enable_api = true\napi_port = 8080\n');
    expect(settings).toMatchObject({ apiEnabled: true, apiPort: 8080, apiAddress: '127.0.0.1' });
    expect(notices).toEqual([]);
  });

  it('that are not served yet are accepted, and a notice names those that ask for something', () => {
    const text = ['enable_stats = true', 'legacy_api_port = 8082', 'listen_port = 5070'];
    const { settings, notices } = decide(text.join('\n'));
    expect(settings).toMatchObject({ legacyApiPort: 8082, listenPort: 5070 });
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(/does not serve it yet/);
    expect(notices[0]).toContain('enable_stats (/x.conf:1)');
    expect(notices[0]).not.toContain('legacy_api_port');
  });

  it('give no notice when they are off, and stand in no file that is written', () => {
    expect(decide('legacy_api_port = 0\nenable_stats = no').notices).toEqual([]);
    expect(renderConfig()).not.toContain('enable_stats');
    expect(decide(renderConfig()).notices).toEqual([]);
  });

  it('are checked all the same', () => {
    expect(() => decide('api_port = lots')).toThrow(/\/x\.conf:1: api_port: read 'lots'/);
    expect(() => decide('enable_apy = true')).toThrow(/did you mean 'enable_api'/);
  });
});

describe('SentryPeer’s environment variables', () => {
  it.each([
    ['SENTRYPEER_DB_FILE', '/x/a.db', { databaseFile: '/x/a.db' }],
    ['SENTRYPEER_JSON_LOG_FILE', '/x/a.json', { jsonLogFile: '/x/a.json' }],
    ['SENTRYPEER_JSON_LOG', '1', {}],
    ['SENTRYPEER_CERT', '/x/c.pem', { tlsCertificateFile: '/x/c.pem' }],
    ['SENTRYPEER_KEY', '/x/k.pem', { tlsKeyFile: '/x/k.pem' }],
    [
      'SENTRYPEER_TLS_LISTEN_ADDRESS',
      '0.0.0.0:5071',
      { tlsPort: 5071, transports: ['udp', 'tcp', 'tls'] },
    ],
    [
      'SENTRYPEER_TLS_LISTEN_ADDRESS',
      '[::]:5072',
      { tlsPort: 5072, transports: ['udp', 'tcp', 'tls'] },
    ],
    ['SENTRYPEER_TLS_DISABLE', '1', { transports: ['udp', 'tcp'] }],
    ['SENTRYPEER_SIP_RESPONSIVE', '1', { answering: 'active' }],
    ['SENTRYPEER_SIP_RESPONSIVE', '0', { answering: 'passive' }],
    ['SENTRYPEER_SIP_DISABLE', '0', {}],
    ['SENTRYPEER_SYSLOG', '1', { journalMessages: ['agent', 'events'] }],
    ['SENTRYPEER_VERBOSE', '1', { verbose: true }],
    ['SENTRYPEER_DEBUG', '1', { verbose: true }],
    ['SENTRYPEER_DEBUG', '0', { verbose: false }],
    ['SENTRYPEER_API', '', { apiEnabled: false }],
    ['SENTRYPEER_API', '0', { apiEnabled: false }],
    ['SENTRYPEER_API', '1', { apiEnabled: true }],
  ])('%s=%s is accepted', (variable, value, expected) => {
    const { settings, notices } = decide('', { [variable]: value });
    expect(settings).toMatchObject(expected);
    expect(notices).toEqual([]);
  });

  it.each([
    'SENTRYPEER_WEB_GUI',
    'SENTRYPEER_WEBHOOK',
    'SENTRYPEER_WEBHOOK_URL',
    'SENTRYPEER_OAUTH2_CLIENT_ID',
    'SENTRYPEER_OAUTH2_CLIENT_SECRET',
    'SENTRYPEER_PEER_TO_PEER',
    'SENTRYPEER_BOOTSTRAP_NODE',
  ])('%s is accepted with a notice that does not tell its value', (variable) => {
    const [notice] = decide('', { [variable]: '1234567890' }).notices;
    expect(notice).toContain(variable);
    expect(notice).not.toContain('1234567890');
    expect(decide('', { [variable]: '0' }).notices).toEqual([]);
  });

  it('that would leave nothing to run is refused', () => {
    expect(() => decide('', { SENTRYPEER_SIP_DISABLE: '1' })).toThrow(/nothing would be left/);
  });

  it('gives way to the variable that is named after the key', () => {
    const { settings } = decide('', {
      SENTRYPEER_DATABASE_FILE: '/ours.db',
      SENTRYPEER_DB_FILE: '/theirs.db',
    });
    expect(settings.databaseFile).toBe('/ours.db');
  });

  it('SENTRYPEER_CONFIG_FILE names the file where SENTRYPEER_CONFIG does not', () => {
    const resolve = (env: Record<string, string>): string | null =>
      resolveConfigFile({ flag: null, env, exists: () => false });
    expect(resolve({ SENTRYPEER_CONFIG_FILE: '/b.toml' })).toBe('/b.toml');
    expect(resolve({ SENTRYPEER_CONFIG_FILE: '/b', SENTRYPEER_CONFIG: '/a' })).toBe('/a');
    expect(decide('', { SENTRYPEER_CONFIG_FILE: '/b.toml' }).notices).toEqual([]);
  });
});

describe('SentryPeer’s TOML file', () => {
  it('is understood', () => {
    const text = 'cert = "/x/c.pem"\nkey = "/x/k.pem"\ntls_listen_address = "0.0.0.0:5061"';
    expect(decide(text).settings).toMatchObject({
      tlsCertificateFile: '/x/c.pem',
      tlsKeyFile: '/x/k.pem',
      tlsPort: 5061,
      transports: ['udp', 'tcp', 'tls'],
    });
  });

  it('is checked as other files are', () => {
    expect(() => decide('cert = "c.pem"')).toThrow(/:1: tls_certificate_file: read 'c\.pem'/);
    expect(() => decide('cert = /c\ncert = /d')).toThrow(/:2: .* was given before/);
    expect(() => decide('[jobs]\ncert = /c')).toThrow(/:2: unknown key/);
    expect(() => decide('toString = 1')).toThrow(/:1: unknown key toString/);
  });
});
