import { key, type Key } from './key.js';
import {
  address,
  domain,
  integer,
  listOf,
  optionalPath,
  truth,
  type ValueReader,
} from './readers.js';

/** A key of SentryPeer's documentation that is read and checked, and does nothing yet. */
const later = <T>(name: string, reader: ValueReader<T>, standard: string, doc: string): Key<T> => ({
  ...key(name, reader, standard, `${doc} Not served yet: accepted, and a notice says so.`),
  served: false,
});

/** The HTTP API (docs/API.md). */
export const API_KEYS = {
  apiEnabled: key('enable_api', truth, 'true', 'The HTTP API: docs/API.md.'),
  apiAddress: key(
    'api_address',
    address,
    '127.0.0.1',
    'Address of the HTTP API. One that others reach is refused without a token and TLS.',
  ),
  apiPort: key('api_port', integer(1, 65_535, 'a port'), '8080', 'Port of the HTTP API.'),
  apiReadWithoutToken: key(
    'api_read_without_token',
    truth,
    'true',
    'Whoever is on this very host may read without a token; all else always needs one.',
  ),
  apiHosts: key(
    'api_hosts',
    listOf(domain, 0),
    '',
    'Names by which browsers and programs may ask the API, beside localhost and addresses.',
  ),
  apiCertificateFile: key(
    'api_tls_certificate_file',
    optionalPath,
    '',
    'Certificate with its chain (PEM) of the HTTP API, which then speaks HTTPS alone.',
  ),
  apiKeyFile: key('api_tls_key_file', optionalPath, '', 'Private key (PEM) of that certificate.'),
  apiWithoutTls: key(
    'api_without_tls',
    truth,
    'false',
    'Serve others without TLS all the same, as in a VPN; tokens pass there in clear text.',
  ),
  apiRequestsPerMinute: key(
    'api_requests_per_minute',
    integer(1, 100_000_000, 'requests'),
    '6000',
    'Requests that the API takes from one source in a minute; what is above is refused (429).',
  ),
  legacyApiPort: key(
    'legacy_api_port',
    integer(0, 65_535, 'a port'),
    '0',
    'Port for the routes that SentryPeer itself has, as 8082 is there (docs/SENTRYPEER.md); 0: none.',
  ),
  statsShared: later('enable_stats', truth, 'false', 'Share what was seen with others.'),
} as const;
