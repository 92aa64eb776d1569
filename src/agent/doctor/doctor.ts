import type { StatusView } from '../../api/views.js';
import type { LoadedSettings } from '../../config/load.js';
import { CONFIG_FILE } from '../../config/resolve.js';
import { withPort } from '../other-port.js';
import { AgentError } from '../../core/common/errors.js';
import { loadAllRules } from '../all-rules.js';
import { findPlace } from '../geoip.js';
import { examineCapture } from './capture.js';
import { examineDatabase, judgeFiles } from './files.js';
import { failed, ok, warn, type Finding } from './finding.js';
import { examineFirewall, examineNeighbours } from './firewall.js';
import { examineHost, judgeCapabilities, judgeDescriptors, readRights } from './host.js';
import { findHolder, judgePorts, readBoundSockets, apiSockets, wantedSockets } from './ports.js';
import { findService, rightsOf } from './service-eyes.js';
import { asOwner } from '../step-down.js';
import { examineServiceFiles } from './service-files.js';
import { examineCertificate, examineClock, examineUnit, judgeLosses } from './service.js';

/** The agent as its socket and its lock show it. An error: whether one runs is not known. */
export type AgentLook = StatusView | null | AgentError;

/**
 * Looks at all that an agent needs on this host, without one and without root as far as that goes;
 * what could not be looked at is told as `unknown`. Changes nothing, and makes no file.
 * `loaded` an error: there is no configuration, and only the host is looked at. One with a fault is
 * looked at as far as it can be read.
 */
export async function examine(
  loaded: LoadedSettings | AgentError,
  agent: AgentLook,
  nowMs: number,
): Promise<readonly Finding[]> {
  if (loaded instanceof AgentError) {
    return [failed('configuration', loaded), ...examineHost(), await examineClock(nowMs)];
  }
  const status = agent instanceof AgentError || agent?.running !== true ? null : agent;
  // Where a PBX has the port, the trap that runs has another.
  const { otherPorts } = loaded.settings;
  const moved = status?.listening.find(({ port }) => otherPorts.includes(port));
  const { settings } = moved === undefined ? loaded : withPort(loaded, moved.port);
  const wanted = wantedSockets(settings);
  const all = [...wanted, ...apiSockets(loaded.settings)];
  const own = readRights(null);
  const service = findService(loaded);
  const starter = service === null ? own : rightsOf(service, own);
  const rights = status === null ? starter : readRights(status.pid);
  const { mode } = loaded.settings.blocking;
  const parts: readonly (() => Promise<readonly Finding[]> | readonly Finding[])[] = [
    () => [judgeConfiguration(loaded)],
    () => examineRules(loaded),
    () => [judgeAgent(agent, loaded)],
    examineHost,
    async () => [await examineClock(nowMs)],
    () => judgePorts(all, readBoundSockets(), findHolder, status?.pid ?? null),
    () => [
      judgeCapabilities(rights, {
        ports: wanted.map(({ port }) => port),
        enforcing: mode === 'enforce' && status?.blocking.mode !== 'observe',
        running: status !== null,
      }),
      judgeDescriptors(rights),
    ],
    () => examineCapture(loaded.settings, rights),
    () => examineFirewall(loaded, status, own),
    () => examineNeighbours(wanted, own),
    () => judgeFiles(loaded, service === null),
    () => (service === null ? [] : examineServiceFiles(loaded, service)),
    () => lookAtDatabase(loaded, nowMs * 1000),
    async () => [await examineUnit(loaded), await examineCertificate(loaded, nowMs)],
    () => examineGeoip(loaded),
    () => (status === null ? [] : judgeLosses(status)),
  ];
  const findings: Finding[] = [];
  for (const part of parts) findings.push(...(await part()));
  return findings;
}

/** SQLite opens no database of the service's making with root's rights. */
const lookAtDatabase = (loaded: LoadedSettings, nowUs: number): Promise<readonly Finding[]> =>
  asOwner(loaded.settings, () => examineDatabase(loaded, nowUs)).catch((error: unknown) => {
    if (!(error instanceof AgentError)) throw error;
    return [failed('database', error)];
  });

const judgeConfiguration = ({ file, fault }: LoadedSettings): Finding =>
  fault === null
    ? ok('configuration', file ?? 'none: a trial with the defaults')
    : failed('configuration', fault);

async function examineRules({ settings }: LoadedSettings): Promise<readonly Finding[]> {
  try {
    const rules = await loadAllRules(settings.rulesDir);
    return [ok('rules', `${rules.length} rules`)];
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return [failed('rules', error)];
  }
}

export function judgeAgent(agent: AgentLook, { trial, file }: LoadedSettings): Finding {
  if (agent instanceof AgentError) return failed('agent', agent);
  if (agent === null) {
    const byHand = trial ? 'sentrypeer-agent run' : `sentrypeer-agent run -c ${file ?? ''}`;
    const start = file === CONFIG_FILE ? 'systemctl start sentrypeer-agent' : byHand;
    return warn('agent', 'none runs', start);
  }
  return ok('agent', `runs, pid ${agent.pid ?? '?'}, version ${agent.version}`);
}

/** Looks one address up: that reads the files whole. */
async function examineGeoip({ settings }: LoadedSettings): Promise<readonly Finding[]> {
  const { problems } = await findPlace(settings, '192.0.2.1');
  return problems.map((problem) =>
    warn('geoip', problem, 'see geoip_asn_file and geoip_country_file'),
  );
}
