import type { Settings } from '../../config/schema.js';
import { watchFiles, type Watcher } from '../../config/watch.js';
import { AgentError, messageOf } from '../../core/common/errors.js';
import type { TlsMaterial, Trap } from '../../trap/options.js';
import {
  endOf,
  isFresh,
  readMaterial,
  sourceOf,
  unusable,
  writeMaterial,
  type CertificateSource,
} from './certificate-files.js';

/** The certificate of a running agent. */
export interface CertificateKeeper {
  /** Other files were named, or another domain: takes them over. */
  follow(settings: Settings): Promise<void>;
  /** Reads the files again, and makes a new certificate of our own when the old is near its end. */
  renew(): Promise<string>;
  readonly close: () => Promise<void>;
}

export const needsCertificate = ({ transports }: Pick<Settings, 'transports'>): boolean =>
  transports.includes('tls') || transports.includes('wss');

/**
 * The certificate and key that the settings name, or our own, made when there is none that can stay.
 * Rejects with CERTIFICATE_INVALID or STATE_UNWRITABLE.
 */
export async function loadCertificate(settings: Settings, nowMs: number): Promise<TlsMaterial> {
  const source = sourceOf(settings);
  if (source.kind === 'given') {
    const material = await readMaterial(source);
    endOf(source.certificateFile, material);
    return material;
  }
  const kept = await readOwn(source.file);
  if (kept !== null && isFresh(kept, source.domain, nowMs)) return kept;
  // Loaded when it is needed: it costs a third of a second.
  const { makeCertificate } = await import('./make-certificate.js');
  const made = await makeCertificate(source.domain, nowMs);
  await writeMaterial(source.file, made);
  return made;
}

/** Keeps the certificate of an open trap up to date. What cannot be taken over is said. */
export async function keepCertificate(
  trap: Pick<Trap, 'replaceCertificate'>,
  first: { readonly settings: Settings; readonly material: TlsMaterial },
  nowUs: () => number,
  say: (text: string) => void,
): Promise<CertificateKeeper> {
  let { settings } = first;
  let inForce = first.material;

  const takeOver = async (): Promise<string> => {
    const material = await loadCertificate(settings, nowUs() / 1_000);
    if (material.certificate === inForce.certificate && material.key === inForce.key) {
      return 'unchanged';
    }
    const { file } = placeOf(sourceOf(settings));
    try {
      trap.replaceCertificate(material);
    } catch (error) {
      throw unusable(file, messageOf(error), error);
    }
    inForce = material;
    const until = new Date(endOf(file, material)).toISOString().slice(0, 10);
    say(`TLS certificate taken over: ${file}, valid until ${until}`);
    return `taken over, valid until ${until}`;
  };
  const tell = (problem: unknown): void => {
    const text = problem instanceof AgentError ? problem.message : String(problem);
    say(`not taken over, the old certificate stays in force: ${text}`);
  };
  const watch = (): Promise<Watcher> =>
    watchFiles(placeOf(sourceOf(settings)).files, () => void takeOver().catch(tell), tell);

  let watcher = await watch();
  return {
    follow: async (next) => {
      settings = next;
      await watcher.close();
      watcher = await watch();
      await takeOver().catch(tell);
    },
    renew: takeOver,
    close: () => watcher.close(),
  };
}

function placeOf(source: CertificateSource): { file: string; files: readonly string[] } {
  // Nobody else writes ours, and the database beside it would wake a watcher with every batch.
  if (source.kind === 'own') return { file: source.file, files: [] };
  const { certificateFile, keyFile } = source;
  return { file: certificateFile, files: [certificateFile, keyFile] };
}

/** Our own certificate of an earlier start; null when there is none, or none that can be read. */
async function readOwn(file: string): Promise<TlsMaterial | null> {
  try {
    return await readMaterial({ certificateFile: file, keyFile: file });
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    // A new one is made in its place.
    return null;
  }
}
