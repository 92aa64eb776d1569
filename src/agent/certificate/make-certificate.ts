import 'reflect-metadata';
import { randomBytes, randomInt } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { LIMITS } from '../../core/common/limits.js';
import type { TlsMaterial } from '../../trap/options.js';

const DAY_MS = 86_400_000;
/** RSA, because old phones and old tools know nothing newer. */
const ALGORITHM = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};
/** It seems to have been there for a while: one of today tells of a new machine. */
const AGE_DAYS_MAX = 60;

/**
 * A self-signed certificate as a PBX of this domain would show: `CN=pbx.example.org,O=example.org`.
 * `nowMs`: milliseconds since 1970.
 */
export async function makeCertificate(domain: string, nowMs: number): Promise<TlsMaterial> {
  cryptoProvider.set(crypto);
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const begunMs = nowMs - randomInt(AGE_DAYS_MAX * DAY_MS);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    // RFC 5280 section 4.1.2.2: positive, at most 20 bytes.
    serialNumber: `4${randomBytes(10).toString('hex').slice(1)}`,
    name: `CN=${domain}, O=${domain}`,
    notBefore: new Date(begunMs),
    notAfter: new Date(begunMs + LIMITS.tlsCertificateDays * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(false),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: domain }]),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: `${PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
  };
}
