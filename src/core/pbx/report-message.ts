import { LIMITS } from '../common/limits.js';
import type { LogReport } from '../model/log-report.js';

/**
 * The request that a line of a log tells of, written as SIP, so that rules, store and views read it
 * like any other. What the line does not say is not there; the line itself is the header Log-Line.
 */
export function messageOfReport(report: LogReport): Buffer {
  const { account, called, callId, userAgent, grammar } = report;
  const method =
    report.method !== null && /^[A-Z]{1,20}$/.test(report.method) ? report.method : 'REGISTER';
  const party = account === null ? '<sip:pbx>' : `<sip:${userPart(account)}@pbx>`;
  const target = called === null ? 'sip:pbx' : `sip:${userPart(called)}@pbx`;
  const to = called === null ? party : `<${target}>`;
  const lines = [
    `${method} ${target} SIP/2.0`,
    `From: ${party}`,
    `To: ${to}`,
    callId === null ? null : `Call-ID: ${value(callId)}`,
    userAgent === null ? null : `User-Agent: ${value(userAgent)}`,
    `Log-Grammar: ${value(grammar)}`,
    `Log-Line: ${value(report.line)}`,
  ];
  const text = lines.filter((line) => line !== null).join('\r\n');
  return Buffer.from(`${text}\r\n\r\n`, 'utf8');
}

/** Characters that would end a user part or a line are escaped (RFC 3261, 25.1). */
const userPart = (text: string): string =>
  encodeURIComponent(Buffer.from(text.slice(0, LIMITS.reportTextCharsMax)).toString());

const value = (text: string): string =>
  text
    .slice(0, LIMITS.reportLineCharsMax)
    .replace(/[\x00-\x1f\x7f]/g, ' ')
    .trim();
