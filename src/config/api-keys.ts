import { key, type Key } from './key.js';
import { address, integer, truth, type ValueReader } from './readers.js';

/** A key of SentryPeer's documentation that is read and checked, and does nothing yet. */
const later = <T>(name: string, reader: ValueReader<T>, standard: string, doc: string): Key<T> => ({
  ...key(name, reader, standard, `${doc} Not served yet: accepted, and a notice says so.`),
  served: false,
});

/** What its example configuration asks for; so a file that is known from there is no error here. */
export const API_KEYS = {
  apiEnabled: later('enable_api', truth, 'false', 'The HTTP API.'),
  apiAddress: later('api_address', address, '127.0.0.1', 'Address of the HTTP API.'),
  apiPort: later('api_port', integer(1, 65_535, 'a port'), '8080', 'Port of the HTTP API.'),
  legacyApiPort: later(
    'legacy_api_port',
    integer(0, 65_535, 'a port'),
    '0',
    'Port of the HTTP API that SentryPeer has; 0: none.',
  ),
  statsShared: later('enable_stats', truth, 'false', 'Share what was seen with others.'),
} as const;
