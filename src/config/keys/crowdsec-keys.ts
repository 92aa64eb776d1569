import { key } from './key.js';
import { optionalPath, word, type ValueReader } from './readers.js';

/** http:// or https:// without what is beyond the host, or nothing: null. */
const lapiUrl: ValueReader<string | null> = {
  allowed: 'a URL such as http://127.0.0.1:8080; may be empty',
  read: (text) => {
    if (text === '') return { ok: true, value: null };
    const url = URL.canParse(text) ? new URL(text) : null;
    if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '')
      return { ok: false, why: 'it is no such URL' };
    return { ok: true, value: url.href.replace(/\/+$/, '') };
  },
  write: (value) => value ?? '',
};

/** The section [crowdsec]: blocks for a local API of CrowdSec (docs/CROWDSEC.md). */
export const CROWDSEC_KEYS = {
  url: key(
    'url',
    lapiUrl,
    '',
    'Local API of CrowdSec that is told of every proven block, as a machine of its own. Empty: none.',
  ),
  machineId: key(
    'machine_id',
    word,
    'sentrypeer',
    'Name of that machine, as in `cscli machines add NAME`.',
  ),
  passwordFile: key(
    'password_file',
    optionalPath,
    '',
    'File with the password of that machine, and nothing else. Empty: nothing is told.',
  ),
} as const;
