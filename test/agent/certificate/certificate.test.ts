import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  keepCertificate,
  loadCertificate,
  needsCertificate,
} from '../../../src/agent/certificate/certificate.js';
import { makeCertificate } from '../../../src/agent/certificate/make-certificate.js';
import { decideSettings } from '../../../src/config/load.js';
import type { Settings } from '../../../src/config/schema.js';
import { LIMITS } from '../../../src/core/common/limits.js';
import type { TlsMaterial } from '../../../src/trap/options.js';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 5, 1);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sentrypeer-certificate-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const file = (name: string): string => join(folder, name);

function settingsOf(lines: readonly string[] = []): Settings {
  const text = [`database_file = ${file('a.db')}`, 'sip_domain = pbx.example.org', ...lines];
  return decideSettings({ file: file('a.conf'), env: {}, flags: {} }, text.join('\n')).settings;
}

const named = async (lines: readonly string[] = []): Promise<X509Certificate> =>
  new X509Certificate((await loadCertificate(settingsOf(lines), NOW_MS)).certificate);

async function writePair(name: string): Promise<TlsMaterial> {
  const material = await makeCertificate(`${name}.example.net`, NOW_MS);
  await writeFile(file('cert.pem'), material.certificate);
  await writeFile(file('key.pem'), material.key);
  return material;
}

const given = (): string[] => [
  `tls_certificate_file = ${file('cert.pem')}`,
  `tls_key_file = ${file('key.pem')}`,
];

describe('a certificate of our own', () => {
  it('is of the domain, valid now, kept for the next start, and for its owner alone', async () => {
    const made = await named();
    expect(made.subject).toBe('CN=pbx.example.org\nO=pbx.example.org');
    expect(made.subjectAltName).toBe('DNS:pbx.example.org');
    expect(Date.parse(made.validFrom)).toBeLessThanOrEqual(NOW_MS);
    expect(Date.parse(made.validTo)).toBeGreaterThan(NOW_MS + LIMITS.tlsRenewDays * DAY_MS);
    expect(((await stat(file('tls.pem'))).mode & 0o777).toString(8)).toBe('600');
    expect((await named()).serialNumber).toBe(made.serialNumber);
  });

  it.each([
    ['the domain is another', { sipDomain: 'other.example.org' }, NOW_MS],
    ['its end is near', {}, NOW_MS + (LIMITS.tlsCertificateDays - 1) * DAY_MS],
  ])('is made anew when %s', async (_, change, nowMs) => {
    const before = await named();
    const settings = { ...settingsOf(), ...change };
    const after = new X509Certificate((await loadCertificate(settings, nowMs)).certificate);
    expect(after.serialNumber).not.toBe(before.serialNumber);
    expect(after.subject).toContain(settings.sipDomain);
    expect(Date.parse(after.validTo)).toBeGreaterThan(nowMs + LIMITS.tlsRenewDays * DAY_MS);
  });

  it('is made anew when its file is damaged', async () => {
    await writeFile(file('tls.pem'), 'no certificate');
    expect((await named()).subject).toContain('pbx.example.org');
  });
});

describe('a certificate that is named', () => {
  it('is used as it is, with its key in another file or in its own', async () => {
    const material = await writePair('given');
    expect(await loadCertificate(settingsOf(given()), NOW_MS)).toEqual(material);
    await writeFile(file('both.pem'), material.certificate + material.key);
    const both = await loadCertificate(
      settingsOf([`tls_certificate_file = ${file('both.pem')}`]),
      NOW_MS,
    );
    expect(both.key).toBe(both.certificate);
  });

  it.each([
    ['is absent', 'cert.pem', null, /ENOENT/],
    ['is no PEM', 'cert.pem', 'nonsense', /holds no certificate/],
    ['is too large', 'cert.pem', 'x'.repeat(LIMITS.tlsFileBytesMax + 1), /too large/],
    ['has a body that is none', 'cert.pem', '-----BEGIN CERTIFICATE-----\nxx\n', /certificate/],
    ['has a key that is none', 'key.pem', 'nonsense', /holds no private key/],
  ])('is refused with a word when it %s', async (_, name, text, words) => {
    await writePair('given');
    if (text === null) await rm(file(name));
    else await writeFile(file(name), text);
    const error: unknown = await loadCertificate(settingsOf(given()), NOW_MS).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'CERTIFICATE_INVALID' });
    expect(String(error)).toMatch(words);
    expect(String(error)).toContain(file(name));
  });

  it('is missed when there is a key alone', async () => {
    const settings = settingsOf([`tls_key_file = ${file('key.pem')}`]);
    await expect(loadCertificate(settings, NOW_MS)).rejects.toMatchObject({
      code: 'CERTIFICATE_INVALID',
    });
  });
});

describe('the certificate of a running agent', () => {
  it('is taken over when its file is replaced, and only when it fits', async () => {
    const settings = settingsOf(given());
    const first = await writePair('first');
    const taken: TlsMaterial[] = [];
    const said: string[] = [];
    const trap = {
      replaceCertificate: (material: TlsMaterial): void => {
        if (material.certificate.includes('refused')) throw new Error('key values mismatch');
        taken.push(material);
      },
    };
    const keeper = await keepCertificate(
      trap,
      { settings, material: first },
      () => NOW_MS * 1_000,
      (text) => said.push(text),
    );
    try {
      expect(await keeper.renew()).toBe('unchanged');
      const second = await makeCertificate('second.example.net', NOW_MS);
      // As ACME clients do it: a new file takes the name of the old one.
      await writeFile(file('new.pem'), second.certificate);
      await writeFile(file('key.pem'), second.key);
      await rename(file('new.pem'), file('cert.pem'));
      await vi.waitFor(
        () => {
          expect(taken.at(-1)).toEqual(second);
        },
        { timeout: 10_000 },
      );
      expect(said.at(-1)).toMatch(/certificate taken over: .*cert\.pem, valid until 20/);
      await writeFile(file('cert.pem'), `refused\n${await readFile(file('cert.pem'), 'latin1')}`);
      await expect(keeper.renew()).rejects.toMatchObject({ code: 'CERTIFICATE_INVALID' });
      expect(taken.at(-1)).toEqual(second);
    } finally {
      await keeper.close();
    }
  });

  it('follows other files when the settings name them', async () => {
    const first = await writePair('first');
    const taken: TlsMaterial[] = [];
    const trap = { replaceCertificate: (material: TlsMaterial) => void taken.push(material) };
    const keeper = await keepCertificate(
      trap,
      { settings: settingsOf(given()), material: first },
      () => NOW_MS * 1_000,
      () => undefined,
    );
    await keeper.follow(settingsOf());
    await keeper.close();
    const subjects = taken.map(({ certificate }) => new X509Certificate(certificate).subject);
    expect(subjects).toEqual(['CN=pbx.example.org\nO=pbx.example.org']);
  });

  it.each([
    [['udp', 'tcp', 'ws'], false],
    [['tls'], true],
    [['wss'], true],
  ] as const)('is needed for %s: %s', (transports, needed) => {
    expect(needsCertificate({ transports })).toBe(needed);
  });
});
