import { execa } from 'execa';
import { LIMITS } from '../../core/common/limits.js';
import { safeText } from '../../core/common/text.js';
import type { Packet } from '../../core/model/transport.js';
import { createInputDecoder, decodeChunk } from '../../records/decode-input.js';
import { createInputReport, type InputReport } from '../../records/recorded.js';
import {
  captureWords,
  complaintOf,
  isWithoutVlan,
  kernelDropsOf,
  type CaptureWish,
} from './words.js';

export interface CaptureSensorOptions {
  readonly wish: CaptureWish;
  /** Whether packets within packets are read. */
  readonly tunnels: boolean;
  /** With whose rights the program starts; empty: with ours. */
  readonly rights: { readonly uid?: number; readonly gid?: number };
  /** The account whose rights it goes on with; null: it keeps those. */
  readonly becomes: string | null;
  /** Microseconds since 1970, UTC. */
  readonly nowUs: () => number;
  readonly take: (packet: Packet) => void;
  /** Takes one line for a person. */
  readonly say: (text: string) => void;
  /** Left out: the program of the wish, where the system finds it. */
  readonly command?: readonly [string, ...string[]];
  /** Milliseconds until the program is started again after so many failures in a row. */
  readonly restMs?: (failures: number) => number;
}

/** What came since the start. */
export interface CaptureStatus {
  readonly running: boolean;
  /** Why it does not capture; null: nothing is wrong. */
  readonly problem: string | null;
  readonly frames: number;
  readonly messages: number;
  /** Pieces of encrypted streams, in which nothing can be read. */
  readonly encrypted: number;
  /** How often the program ended and was started again. */
  readonly restarts: number;
  /** Packets that the kernel dropped before the program had them; null: it is not told. */
  readonly kernelDrops: number | null;
}

export interface Capture {
  readonly status: () => CaptureStatus;
  readonly close: () => Promise<void>;
}

/** All that is remembered of the program that runs, and of those before it. */
interface Work {
  readonly options: CaptureSensorOptions;
  /** One for all programs: what they read adds up. */
  readonly report: InputReport;
  vlan: boolean;
  running: boolean;
  problem: string | null;
  said: string;
  failures: number;
  restarts: number;
  /** Of the programs that have ended, and with them of the one that runs. */
  dropsBefore: number;
  drops: number | null;
}

const SAID_CHARS_MAX = 4_096;
/** One that ran so long did not fail at its start. */
const STABLE_MS = 60_000;
const ASK_EVERY_MS = 60_000;

/** Longer with each failure: an interface may be away for days. */
const restMsOf = (failures: number): number =>
  Math.min(1_000 * 2 ** (failures - 1), LIMITS.captureRestMsMax);

/**
 * Runs the program that captures, reads what it writes, and starts it again whenever it ends. Never
 * throws: what is wrong is said once, and stands in the status until it captures again.
 */
export function openCapture(options: CaptureSensorOptions): Capture {
  const { wish } = options;
  const work: Work = {
    options,
    report: createInputReport(wish.interface),
    vlan: wish.filter === '',
    running: false,
    problem: null,
    said: '',
    failures: 0,
    restarts: 0,
    dropsBefore: 0,
    drops: null,
  };
  const { restMs = restMsOf } = options;
  let closed = false;
  let timer: NodeJS.Timeout | null = null;
  let child = run(work);

  function goOn(): void {
    const began = performance.now();
    void child.ended.then(() => {
      if (closed) return;
      // The same without the part of the filter that the interface does not know.
      const retries = work.vlan && isWithoutVlan(work.said);
      if (retries) {
        work.vlan = false;
      } else {
        work.restarts += 1;
        work.failures = performance.now() - began < STABLE_MS ? work.failures + 1 : 1;
        tell(work);
      }
      timer = setTimeout(again, retries ? 0 : restMs(work.failures));
    });
  }
  function again(): void {
    timer = null;
    child = run(work);
    goOn();
  }
  goOn();
  return {
    status: () => ({
      running: work.running,
      problem: work.problem,
      frames: work.report.records,
      messages: work.report.messages,
      encrypted: work.report.leftOut.get('encrypted') ?? 0,
      restarts: work.restarts,
      kernelDrops: work.drops,
    }),
    close: async () => {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      if (child.end()) await child.ended;
    },
  };
}

/** Once for each thing that is wrong. */
function tell(work: Work): void {
  const { wish, say } = work.options;
  const complaint = complaintOf(work.said) ?? 'it ended';
  const problem = `${wish.program} on ${wish.interface}: ${safeText(complaint.trim())}`;
  if (problem === work.problem) return;
  work.problem = problem;
  say(`nothing is captured: ${problem}; it is tried again`);
}

interface Child {
  /** False: it could not be told, and is not waited for. */
  readonly end: () => boolean;
  /** Never rejects. */
  readonly ended: Promise<unknown>;
}

function run(work: Work): Child {
  const { wish, rights, becomes, command = [wish.program] } = work.options;
  work.said = '';
  const [program, ...before] = command;
  const running = execa(program, [...before, ...captureWords(wish, { vlan: work.vlan, becomes })], {
    ...rights,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    env: { LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
  running.stdout.on('data', readerOf(work));
  running.stderr.on('data', (text: Buffer) => {
    listen(work, text.toString('latin1'));
  });
  const asking = setInterval(() => {
    // tcpdump writes its counts then; it would end dumpcap, which counts for itself alone.
    if (work.running && wish.program === 'tcpdump') signal(running, 'SIGUSR1');
  }, ASK_EVERY_MS);
  asking.unref();
  const ended = running.then((result) => {
    clearInterval(asking);
    work.running = false;
    if (work.said === '' && result.exitCode === undefined) work.said = wordsOf(result, program);
    work.dropsBefore = work.drops ?? 0;
  });
  return {
    ended,
    end: () => {
      const told = signal(running, 'SIGTERM');
      // One that runs as somebody else ends with the next packet that it writes.
      running.stdout.destroy();
      running.stderr.destroy();
      if (!told) running.unref();
      return told;
    },
  };
}

/** False where the system does not let us: a program that took other rights is beyond our reach. */
function signal(child: { kill: (name: NodeJS.Signals) => boolean }, name: NodeJS.Signals): boolean {
  try {
    child.kill(name);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error;
    return false;
  }
}

/** That it is not installed is what fails most often. */
function wordsOf(result: { readonly cause?: unknown }, program: string): string {
  const { cause } = result;
  if (!(cause instanceof Error)) return 'it was ended';
  return 'code' in cause && cause.code === 'ENOENT' ? `${program} is not installed` : cause.message;
}

/** A reader of its own for each program: what it writes begins with a header. */
function readerOf(work: Work): (chunk: Buffer) => void {
  const { wish, tunnels, nowUs, take } = work.options;
  const options = {
    ports: new Set(wish.ports),
    local: [],
    timeZone: 'UTC',
    mirror: true,
    tunnels,
  };
  const decoder = createInputDecoder(work.report, options);
  return (chunk) => {
    if (!work.running) {
      work.running = true;
      if (work.problem !== null) work.options.say(`packets are captured again: ${wish.interface}`);
      work.problem = null;
    }
    for (const recorded of decodeChunk(decoder, chunk)) {
      // Our clock: that of the capture may be another one than the trap's.
      if ('mirror' in recorded) take({ ...recorded.packet, receivedAtUs: nowUs() });
    }
  };
}

function listen(work: Work, text: string): void {
  work.said = (work.said + text).slice(-SAID_CHARS_MAX);
  const drops = kernelDropsOf(work.said);
  if (drops !== null) work.drops = work.dropsBefore + drops;
}
