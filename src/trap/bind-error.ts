import { AgentError } from '../core/common/errors.js';
import type { Listening } from './options.js';

/** The error for a socket that could not be opened: which one, why, and what to do about it. */
export function toBindError(wanted: Listening, cause: unknown): AgentError {
  const { transport, address, port } = wanted;
  const place = `${transport.toUpperCase()} port ${port} on ${address}`;
  const code = codeOf(cause);
  const sip = transport === 'udp' || transport === 'tcp';
  const key = sip ? 'listen_port' : `${transport}_port`;
  switch (code) {
    case 'EADDRINUSE':
      return new AgentError(
        'PORT_IN_USE',
        `cannot listen on ${place}: another program has it`,
        `find it with \`ss -l${transport === 'udp' ? 'u' : 't'}np sport = :${port}\` and stop it, ` +
          `or set another \`${key}\``,
        cause,
      );
    case 'EACCES':
    case 'EPERM':
      return new AgentError(
        'PORT_DENIED',
        `cannot listen on ${place}: this user may not`,
        `run as root, give the service CAP_NET_BIND_SERVICE, or set a \`${key}\` above 1023`,
        cause,
      );
    case 'EAFNOSUPPORT':
      return new AgentError(
        'ADDRESS_UNAVAILABLE',
        `cannot listen on ${place}: this host has no such address family`,
        `take ${address} out of \`listen_address\``,
        cause,
      );
    default:
      return new AgentError(
        'ADDRESS_UNAVAILABLE',
        `cannot listen on ${place}: ${code ?? String(cause)}`,
        '`ip address` shows the addresses of this host; `listen_address = 0.0.0.0` means all IPv4 ones',
        cause,
      );
  }
}

/** The system's name of an error, such as EADDRINUSE; null when it has none. */
export function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
