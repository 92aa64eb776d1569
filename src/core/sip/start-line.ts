import type { Anomaly } from '../model/anomaly.js';

/** What the first line says, with what is odd about its form. */
export type StartLine =
  | {
      readonly kind: 'request';
      readonly method: string;
      readonly requestUri: string;
      readonly anomalies: readonly Anomaly[];
    }
  | {
      readonly kind: 'response';
      readonly statusCode: number | null;
      readonly anomalies: readonly Anomaly[];
    }
  | { readonly kind: 'other' };

const NONE: readonly Anomaly[] = [];
const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]+$/;
const WELL_FORMED = /^([A-Za-z0-9\-.!%*_+`'~]+) (\S+) SIP\/2\.0$/i;
const VERSION = /^sip\/\d{1,10}(?:\.\d{1,10})?$/i;
const ADDRESSED = /^<?(?:sips?|tel):/i;

/**
 * Reads a Request-Line or Status-Line (RFC 3261 sections 7.1, 7.2). Liberal about blanks, brackets
 * and versions: each is named, and the line is read all the same. A line without a version counts
 * as SIP only when its second word is a sip, sips or tel URI.
 */
export function parseStartLine(line: string): StartLine {
  const match = WELL_FORMED.exec(line);
  if (match !== null) {
    const [, method = '', requestUri = ''] = match;
    return { kind: 'request', method, requestUri, anomalies: NONE };
  }
  return /^sip\/\d/i.test(line) ? readStatusLine(line) : readOddRequest(line);
}

function readStatusLine(line: string): StartLine {
  const [version = '', code = ''] = line.split(' ', 2);
  const anomalies: Anomaly[] = [];
  if (version.toUpperCase() !== 'SIP/2.0') anomalies.push('bad-version');
  const valid = /^[1-6]\d\d$/.test(code);
  if (!valid) anomalies.push('bad-status-code');
  return { kind: 'response', statusCode: valid ? Number(code) : null, anomalies };
}

function readOddRequest(line: string): StartLine {
  // No split: a line of 64 KiB may be nothing but blanks and words.
  const text = line.trim();
  const methodEnd = text.search(/[ \t]/);
  if (methodEnd === -1) return { kind: 'other' };
  const method = text.slice(0, methodEnd);
  const lastBegin = Math.max(text.lastIndexOf(' '), text.lastIndexOf('\t')) + 1;
  const last = text.slice(lastBegin);
  const versioned = VERSION.test(last);
  const requestUri = text.slice(methodEnd, versioned ? lastBegin : text.length).trim();
  const addressed = ADDRESSED.test(requestUri) && TOKEN.test(method);
  if (!versioned && !addressed) return { kind: 'other' };
  const anomalies: Anomaly[] = [];
  if (last.toUpperCase() !== 'SIP/2.0') anomalies.push('bad-version');
  if (/[ \t]/.test(requestUri)) anomalies.push('bad-request-uri');
  const canonical = versioned ? `${method} ${requestUri} ${last}` : `${method} ${requestUri}`;
  if (!TOKEN.test(method) || requestUri === '' || line !== canonical) {
    anomalies.push('bad-start-line');
  }
  return { kind: 'request', method, requestUri, anomalies };
}
