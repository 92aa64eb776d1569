import { LIMITS } from '../../core/common/limits.js';
import { key, place } from './key.js';
import { listOf, path, timeZone, type ValueReader } from './readers.js';

const KIND = /^[a-z][a-z0-9-]{0,63}$/;

/** `/var/log/asterisk/security:asterisk`; without a kind it is found out. */
const logPlace: ValueReader<{ readonly path: string; readonly kind: string }> = {
  allowed: 'the absolute path of a log, and behind a colon of which kind it is (auto without)',
  read: (text) => {
    const colon = text.lastIndexOf(':');
    const kind = colon === -1 ? 'auto' : text.slice(colon + 1);
    const file = path.read(colon === -1 ? text : text.slice(0, colon));
    if (!file.ok) return file;
    if (!KIND.test(kind)) return { ok: false, why: 'behind the colon there is no kind' };
    return { ok: true, value: { path: file.value, kind } };
  },
  write: (value) => `${value.path}:${value.kind}`,
};

/** `kamailio.service:kamailio`; without a kind it is found out. */
const unitPlace: ValueReader<{ readonly unit: string; readonly kind: string }> = {
  allowed: 'a unit of systemd, and behind a colon of which kind its lines are (auto without)',
  read: (text) => {
    const [, unit = '', kind = 'auto'] = /^([A-Za-z0-9@._\\-]{1,255})(?::(.*))?$/.exec(text) ?? [];
    if (unit === '' || unit.startsWith('-')) return { ok: false, why: 'it is no unit' };
    if (!KIND.test(kind)) return { ok: false, why: 'behind the colon there is no kind' };
    return { ok: true, value: { unit, kind } };
  },
  write: (value) => `${value.unit}:${value.kind}`,
};

/** The section [logs]: the lines that a PBX writes (docs/PBX.md, section Logs). */
export const PBX_LOG_KEYS = {
  files: key(
    'files',
    listOf(logPlace, 0, LIMITS.pbxLogsMax),
    '',
    'Logs of a PBX that are followed, as PATH:KIND. The kinds are asterisk, freeswitch, kamailio, opensips, ' +
      'sentrypeer, sentrypeer-agent, auto, and those of your own grammars.',
  ),
  journal: key(
    'journal',
    listOf(unitPlace, 0, LIMITS.pbxLogsMax),
    '',
    'Units whose lines in the systemd journal are followed, as UNIT:KIND.',
  ),
  timeZone: key(
    'log_time_zone',
    timeZone,
    '',
    "Zone of times in those logs that have none. Empty: this host's.",
  ),
  grammars: place(
    'grammars',
    '/etc/sentrypeer/grammars.d',
    'grammars.d',
    'Folder of your own grammars (*.yaml); one with the name of a built-in one takes its place.',
  ),
} as const;
