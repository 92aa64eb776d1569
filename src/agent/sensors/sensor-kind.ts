import type { SensorView } from '../../api/views.js';
import type { Settings } from '../../config/schema.js';
import type { LogReport } from '../../core/model/log-report.js';
import type { Packet } from '../../core/model/transport.js';
import type { Mirror } from '../../core/pbx/pairing.js';

/** What sensors give to core. */
export interface SensorInput {
  readonly mirrored: (packet: Packet, sensor: Mirror) => void;
  readonly report: (report: LogReport, atUs: number) => void;
  readonly nowUs: () => number;
  readonly say: (text: string) => void;
}

/** A sensor that is open. */
export interface OpenSensor {
  /** Where it looks, and what it has taken and left; `trouble` left out: it has none. */
  readonly status: () => Pick<SensorView, 'where' | 'taken' | 'left'> & {
    readonly trouble?: SensorView['trouble'];
  };
  readonly close: () => Promise<void>;
}

/** One kind of sensor: the settings that it hangs on, and how it is opened. */
export interface SensorKind {
  readonly name: SensorView['sensor'];
  /** Null: it is not wanted. Another text than before: it is opened anew. */
  readonly wanted: (settings: Settings) => string | null;
  readonly open: (settings: Settings, input: SensorInput) => Promise<OpenSensor>;
}
