import { canonicalAddress } from '../../core/common/address.js';
import { endpointText, type Endpoint } from '../../core/model/transport.js';
import { key, secretKey } from './key.js';
import { listOf, network, type ValueReader } from './readers.js';
import { optionalText } from './alert-targets.js';

/** `127.0.0.1:9060`, `[::1]:9060`, or nothing: null. */
const socketPlace: ValueReader<Endpoint | null> = {
  allowed: 'an address and a port, such as 127.0.0.1:9060 or [::1]:9060; may be empty',
  read: (text) => {
    if (text === '') return { ok: true, value: null };
    const [, host = '', port = ''] = /^(\[[^\]]+\]|[^:]+):(\d{1,5})$/.exec(text) ?? [];
    const address = canonicalAddress(host.replace(/^\[(.*)\]$/, '$1'));
    const number = Number(port);
    if (address === null || number < 1 || number > 65_535)
      return { ok: false, why: 'it is no such place' };
    return { ok: true, value: { address, port: number } };
  },
  write: (value) => (value === null ? '' : endpointText(value)),
};

/** The section [pbx]: the PBX that sensors watch (docs/PBX.md). */
export const PBX_KEYS = {
  addresses: key(
    'addresses',
    listOf(network, 0),
    '',
    "Where the PBX is: what it asks others is not heard. Empty: this host's own addresses.",
  ),
} as const;

/** The section [hep]: a PBX or proxy that mirrors its SIP to us, as to Homer (docs/PBX.md). */
export const HEP_KEYS = {
  listen: key(
    'listen',
    socketPlace,
    '',
    'Where HEP packets of a PBX are taken, over UDP and TCP. Empty: nowhere.',
  ),
  senders: key(
    'senders',
    listOf(network, 1),
    '127.0.0.0/8, ::1',
    'Who may send them: whoever may can have any address blocked.',
  ),
  key: secretKey(
    'key',
    optionalText,
    '',
    'Authentication key that each packet must come with. Empty: none is asked for.',
  ),
} as const;
