import { canonicalAddress } from './address.js';
import { AgentError } from './errors.js';
import { quoteText } from './text.js';

/** Canonical address of what was typed. USAGE when it is none. */
export function readAddress(text: string): string {
  const address = canonicalAddress(text);
  if (address !== null) return address;
  throw new AgentError(
    'USAGE',
    `address ${quoteText(text)}: not an IPv4 or IPv6 address`,
    'give it as `events list` shows it, without port: 203.0.113.7 or 2001:db8::7',
  );
}
