import { X509Certificate } from 'node:crypto';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AgentError, messageOf } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import type { Settings } from '../../config/schema.js';
import type { TlsMaterial } from '../../trap/options.js';

/** Where the certificate comes from. A key file of its own may be absent: then both are in one. */
export type CertificateSource =
  | { readonly kind: 'given'; readonly certificateFile: string; readonly keyFile: string }
  /** The agent's own, certificate and key in one file beside the database. */
  | { readonly kind: 'own'; readonly file: string; readonly domain: string };

type CertificateSettings = Pick<
  Settings,
  'tlsCertificateFile' | 'tlsKeyFile' | 'databaseFile' | 'sipDomain'
>;

/** Throws CERTIFICATE_INVALID for a key without a certificate. */
export function sourceOf(settings: CertificateSettings): CertificateSource {
  const { tlsCertificateFile, tlsKeyFile, databaseFile, sipDomain } = settings;
  if (tlsCertificateFile !== null) {
    const keyFile = tlsKeyFile ?? tlsCertificateFile;
    return { kind: 'given', certificateFile: tlsCertificateFile, keyFile };
  }
  if (tlsKeyFile !== null) throw unusable(tlsKeyFile, 'there is a key, but no certificate');
  return { kind: 'own', file: join(dirname(databaseFile), 'tls.pem'), domain: sipDomain };
}

/** Reads certificate and key. Rejects with CERTIFICATE_INVALID. */
export async function readMaterial(files: {
  readonly certificateFile: string;
  readonly keyFile: string;
}): Promise<TlsMaterial> {
  const certificate = await readPem(files.certificateFile, 'CERTIFICATE');
  const key = await readPem(files.keyFile, 'PRIVATE KEY');
  return { certificate, key };
}

/** When a certificate ends, in milliseconds since 1970. Throws CERTIFICATE_INVALID. */
export function endOf(file: string, { certificate }: TlsMaterial): number {
  try {
    return Date.parse(new X509Certificate(certificate).validTo);
  } catch (error) {
    throw unusable(file, error instanceof Error ? error.message : 'it cannot be read', error);
  }
}

/** True for a certificate of our own making that can stay: of this domain, and not near its end. */
export function isFresh({ certificate }: TlsMaterial, domain: string, nowMs: number): boolean {
  try {
    const { subject, validTo } = new X509Certificate(certificate);
    const named = subject.split('\n').includes(`CN=${domain}`);
    return named && Date.parse(validTo) - nowMs > LIMITS.tlsRenewDays * 86_400_000;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // A damaged file of our own is replaced like an old one.
    return false;
  }
}

/** Writes our own certificate and key into one file, mode 600, whole or not at all. */
export async function writeMaterial(file: string, material: TlsMaterial): Promise<void> {
  const draft = `${file}.new`;
  try {
    await writeFile(draft, material.key + material.certificate, { mode: 0o600 });
    await rename(draft, file);
  } catch (error) {
    const why = messageOf(error);
    throw new AgentError(
      'STATE_UNWRITABLE',
      `certificate ${file}: ${why}`,
      'make its folder writable for this user, or name a certificate in `tls_certificate_file`',
      error,
    );
  }
}

async function readPem(file: string, label: string): Promise<string> {
  let text: string;
  try {
    if ((await stat(file)).size > LIMITS.tlsFileBytesMax) throw new Error('it is too large');
    text = await readFile(file, 'latin1');
  } catch (error) {
    throw unusable(file, messageOf(error), error);
  }
  if (new RegExp(`^-----BEGIN [A-Z0-9 ]*${label}-----`, 'm').test(text)) return text;
  throw unusable(file, `it holds no ${label.toLowerCase()} in PEM form`);
}

export const unusable = (file: string, why: string, cause?: unknown): AgentError =>
  new AgentError(
    'CERTIFICATE_INVALID',
    `TLS certificate ${file}: ${why}`,
    'name a PEM certificate with its chain in `tls_certificate_file` and its key in ' +
      '`tls_key_file`, readable for this user; with both empty the agent makes its own',
    cause,
  );
