import type { EventRecord } from '../../core/model/event.js';
import type { JsonFormatName } from '../../core/model/log-format.js';
import { formatJsonLine, formatTpotLine, type LogOrigin } from './event-lines.js';
import type { EventFacts } from '../event-facts.js';
import { formatEcs } from './formats/ecs.js';
import { formatEve } from './formats/eve.js';
import { formatOcsf } from './formats/ocsf.js';

/** One object of the JSON log on one line of printable ASCII, without its line end. */
type JsonFormat = (record: EventRecord, facts: EventFacts, origin: LogOrigin) => string;

/** Every format there is; docs/schemas has a JSON Schema of each. */
export const JSON_FORMATS: Readonly<Record<JsonFormatName, JsonFormat>> = {
  sentrypeer: formatJsonLine,
  tpot: formatTpotLine,
  ecs: formatEcs,
  ocsf: formatOcsf,
  eve: formatEve,
};
