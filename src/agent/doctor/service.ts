import { existsSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { execa } from 'execa';
import type { StatusView } from '../../api/views.js';
import type { LoadedSettings } from '../../config/load.js';
import { limitGroup } from '../../firewall/child-group.js';
import { AgentError } from '../../core/common/errors.js';
import { LIMITS } from '../../core/common/limits.js';
import { endOf, readMaterial, sourceOf } from '../certificate/certificate-files.js';
import { needsCertificate } from '../certificate/certificate.js';
import { readFacts } from '../install/facts.js';
import { pathsBelow, renderUnit } from '../install/plan-install.js';
import { SERVICE_UNIT } from '../install/steps.js';
import { PACKAGE_ROOT } from '../package.js';
import { AS_ROOT, fail, failed, ok, unknown, warn, type Finding } from './finding.js';
import { readText } from './host.js';

const COMMAND_MS_MAX = 5_000;

/** What a program printed; null when it is not there, or failed. */
async function ask(program: string, args: readonly string[]): Promise<string | null> {
  const running = execa(program, args, {
    stdin: 'ignore',
    env: { LC_ALL: 'C' },
    reject: false,
    detached: true,
  });
  const limit = limitGroup(running, COMMAND_MS_MAX);
  const result = await running;
  return result.failed || limit.late ? null : result.stdout;
}

const isSystemdRunning = (): boolean => existsSync('/run/systemd/system');

/** The unit as it is installed, beside the one that this program would write. */
export async function examineUnit({ trial, file }: LoadedSettings): Promise<Finding> {
  if (trial) return ok('service', 'none: this is a trial');
  const { unit, configFile } = pathsBelow('/');
  if (file !== configFile)
    return ok('service', `none: it would read ${configFile}, not ${file ?? ''}`);
  const text = readText(unit);
  if (text === null) {
    const what = `there is no ${unit}`;
    return warn('service', `${what}: nobody starts the agent`, 'sentrypeer-agent install');
  }
  const facts = readFacts(PACKAGE_ROOT);
  if (!isSameUnit(text, renderUnit(facts.unitTemplate, facts))) {
    const what = `${unit} differs from the one of this version`;
    return warn('service', what, 'sentrypeer-agent install writes it anew');
  }
  if (!isSystemdRunning()) {
    return unknown('service', `${unit} is there, systemd does not run`, 'start the agent yourself');
  }
  const wanted = 'ActiveState,SubState,UnitFileState,NRestarts';
  const shown = await ask('systemctl', ['show', SERVICE_UNIT, '-p', wanted]);
  return judgeService(shown);
}

/** Another Node does not make another unit. */
export function isSameUnit(installed: string, wanted: string): boolean {
  const lines = (text: string): string =>
    text
      .split('\n')
      .filter((line) => line !== '' && !/^(?:#|ExecStart=)/.test(line))
      .join('\n');
  return lines(installed) === lines(wanted);
}

/** `shown`: what `systemctl show` printed, null when it did not answer. */
export function judgeService(shown: string | null): Finding {
  if (shown === null) return unknown('service', 'systemctl does not answer', AS_ROOT);
  const values = new Map(
    shown.split('\n').map((line) => {
      const equals = line.indexOf('=');
      return [line.slice(0, equals), line.slice(equals + 1)] as const;
    }),
  );
  const of = (name: string): string => values.get(name) ?? '';
  const what = `${SERVICE_UNIT} is ${of('ActiveState')} (${of('SubState')}), ${of('UnitFileState')}`;
  if (of('ActiveState') === 'failed') {
    return fail('service', what, `journalctl -u ${SERVICE_UNIT} -n 50`);
  }
  if (of('ActiveState') !== 'active')
    return warn('service', what, `systemctl start ${SERVICE_UNIT}`);
  if (of('UnitFileState') !== 'enabled') {
    return warn(
      'service',
      `${what}: the next boot does not start it`,
      `systemctl enable ${SERVICE_UNIT}`,
    );
  }
  const restarts = Number(of('NRestarts'));
  if (restarts > 0) {
    return warn(
      'service',
      `${what}, started again ${restarts} times`,
      `journalctl -u ${SERVICE_UNIT}`,
    );
  }
  return ok('service', what);
}

/** A clock that is set by hand drifts, and then times of events and blocks are wrong. */
export async function examineClock(nowMs: number): Promise<Finding> {
  const now = new Date(nowMs).toISOString();
  if (nowMs < OLDEST_MS)
    return fail('clock', `it says ${now}`, 'set the clock right (timedatectl)');
  if (!isSystemdRunning())
    return unknown('clock', `it says ${now}; who sets it is unknown`, 'date -u');
  const synchronised = await ask('timedatectl', ['show', '-p', 'NTPSynchronized', '--value']);
  if (synchronised === null) return unknown('clock', `it says ${now}`, 'timedatectl status');
  if (synchronised.trim() === 'yes') return ok('clock', `it says ${now}, and is synchronised`);
  return warn('clock', `it says ${now}, and is not synchronised`, 'timedatectl set-ntp true');
}

/** Before this program was written. */
const OLDEST_MS = Date.UTC(2025, 0, 1);

/** The certificate that tls and wss would show. None is made. */
export async function examineCertificate(
  { settings }: LoadedSettings,
  nowMs: number,
): Promise<Finding> {
  if (!needsCertificate(settings)) return ok('certificate', 'none needed: no tls, no wss');
  try {
    const source = sourceOf(settings);
    const own = source.kind === 'own';
    const files = own ? { certificateFile: source.file, keyFile: source.file } : source;
    if (own && !existsSync(source.file)) {
      return ok('certificate', `none in ${source.file} yet: the agent makes its own`);
    }
    const material = await readMaterial(files);
    createSecureContext({ cert: material.certificate, key: material.key });
    return judgeCertificate(
      files.certificateFile,
      endOf(files.certificateFile, material),
      own,
      nowMs,
    );
  } catch (error) {
    if (error instanceof AgentError) return failed('certificate', error);
    if (!(error instanceof Error)) throw error;
    const what = `certificate and key cannot be used: ${error.message}`;
    return fail('certificate', what, 'see tls_certificate_file and tls_key_file');
  }
}

const DAY_MS = 86_400_000;

export function judgeCertificate(
  file: string,
  endMs: number,
  own: boolean,
  nowMs: number,
): Finding {
  const days = Math.floor((endMs - nowMs) / DAY_MS);
  const what = `${file} ends ${new Date(endMs).toISOString().slice(0, 10)}`;
  if (own) return ok('certificate', `${what}, and is renewed by the agent`);
  if (days < 0) return fail('certificate', what, 'put a new one in its place: it is taken over');
  if (days < LIMITS.tlsRenewDays) {
    return warn('certificate', `${what}, in ${days} days`, 'put a new one in its place');
  }
  return ok('certificate', what);
}

/** Losses that a healthy agent does not have; the others are a hostile network's everyday ones. */
const REMEDIES: Readonly<Record<string, string>> = {
  kernel_drops: 'see the line on the receive buffer; the machine may be too slow for this flood',
  samples_thinned: 'the disk is too slow for this flood; the counts are exact all the same',
  events_failed: 'see `status` for the last error of the store',
  decisions_lost: 'see `status` for the last error of the store',
  log_lines_lost: 'see whether the disk of the logs is full',
  seconds_without_descriptors: 'raise LimitNOFILE (see the line on descriptors)',
  rule_faults: 'sentrypeer-agent rules list shows which rule',
};

export function judgeLosses({ limits_hit: hit, store }: StatusView): readonly Finding[] {
  const findings = Object.entries(hit)
    .filter(([name, times]) => (times ?? 0) > 0 && Object.hasOwn(REMEDIES, name))
    .map(([name, times]) =>
      warn('losses', `${name.replaceAll('_', ' ')}: ${times}`, REMEDIES[name] ?? ''),
    );
  if (store.last_error !== null) {
    findings.push(
      fail('losses', `the store: ${store.last_error}`, 'see the disk and the database'),
    );
  }
  return findings.length > 0 ? findings : [ok('losses', 'nothing was lost since the start')];
}
