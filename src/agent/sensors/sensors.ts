import { messageOf } from '../../core/common/errors.js';
import { step } from '../../core/step.js';
import type { SensorView } from '../../api/views.js';
import type { Settings } from '../../config/schema.js';
import type { AgentContext, SensorKeeper } from '../agent-context.js';
import type { EffectRunner } from '../effects.js';
import { CAPTURE_SENSOR } from './capture.js';
import { HEP_SENSOR } from './hep.js';
import { LOG_SENSOR } from './logs.js';
import { createIsPbx } from './pbx-addresses.js';
import { ofThePast } from './late-effects.js';
import type { OpenSensor, SensorInput, SensorKind } from './sensor-kind.js';

/** Every kind that there is. */
const KINDS: readonly SensorKind[] = [HEP_SENSOR, CAPTURE_SENSOR, LOG_SENSOR];

const RETRY_MS = 30_000;

interface Place {
  readonly wanted: string;
  open: OpenSensor | null;
  trouble: string | null;
}

/**
 * Opens the sensors that the settings ask for. One that cannot be opened is said, and tried again: the
 * trap and the others go on without it.
 */
export async function keepSensors(
  context: AgentContext,
  runner: EffectRunner,
): Promise<SensorKeeper> {
  const { state, nowUs, log } = context;
  const places = new Map<SensorView['sensor'], Place>();
  const input: SensorInput = {
    mirrored: (packet, sensor) => {
      runner.run(step(state, { kind: 'mirrored', packet, sensor }, packet.receivedAtUs), null);
    },
    report: (report, atUs) => {
      const found = ofThePast(step(state, { kind: 'report', report }, atUs), nowUs() - atUs);
      runner.run(found.effects, null);
      for (const target of found.over)
        runner.run(step(state, { kind: 'unblock', target }, atUs), null);
    },
    nowUs,
    say: log.say,
  };
  let last: Promise<void> = Promise.resolve();
  // One after the other: a place must be free before it is taken anew.
  const follow = (): Promise<void> =>
    (last = last.then(async () => {
      const { settings } = context.loaded;
      state.pbx.isOwn = createIsPbx(settings.pbx.addresses, nowUs);
      for (const kind of KINDS) await followOne(kind, settings, places, input);
    }));
  await follow();
  const timer = setInterval(() => {
    if ([...places.values()].some(({ open }) => open === null)) void follow();
  }, RETRY_MS);
  return {
    follow,
    status: () => [...places].map(([sensor, place]) => statusOf(sensor, place)),
    close: async () => {
      clearInterval(timer);
      await last;
      for (const { open } of places.values()) await open?.close();
      places.clear();
    },
  };
}

async function followOne(
  kind: SensorKind,
  settings: Settings,
  places: Map<SensorView['sensor'], Place>,
  input: SensorInput,
): Promise<void> {
  const wanted = kind.wanted(settings);
  const before = places.get(kind.name);
  if (before !== undefined && before.wanted === wanted && before.open !== null) return;
  if (before?.wanted !== wanted) {
    places.delete(kind.name);
    await before?.open?.close();
    if (before !== undefined && wanted === null) input.say(`sensor ${kind.name}: closed`);
  }
  if (wanted === null) return;
  const place: Place = { wanted, open: null, trouble: null };
  try {
    place.open = await kind.open(settings, input);
    input.say(`sensor ${kind.name}: ${place.open.status().where}`);
  } catch (error) {
    place.trouble = messageOf(error);
    if (place.trouble !== before?.trouble) input.say(`sensor ${kind.name}: ${place.trouble}`);
  }
  places.set(kind.name, place);
}

const statusOf = (sensor: SensorView['sensor'], { open, trouble }: Place): SensorView => ({
  sensor,
  ...{ trouble, where: null, taken: 0, left: {} },
  ...open?.status(),
});
