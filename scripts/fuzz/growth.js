const SMALL_BYTES = 16_000;
const FACTOR = 4;
/** Linear work grows by FACTOR, square work by FACTOR²: between them is what is allowed. */
const GROWTH_MAX = 10;
/** Below this nothing can be said about growth. */
const TIMED_MS_MIN = 0.3;
const ROUNDS = 9;
/** On a busy machine a measurement may be off: only what grows too much each time is told. */
const RETRIES = 5;

/** Where long runs stand in a message, and of what. */
const PLACES = ['Via', 'From', 'To', 'Contact', 'Call-ID', 'Require', 'Authorization', 'X'];
const RUNS = [
  ';',
  ',',
  '"',
  '\\',
  '<',
  '>',
  ' ',
  '\t',
  'a=',
  ';a',
  ',a',
  '"a',
  '=',
  '\r\n ',
  '\r\nX: y',
];

/** Messages with a long run of one thing in one place: the time must grow with the length alone. */
export function checkGrowth(targets) {
  const findings = [];
  for (const target of targets) {
    for (const place of PLACES) {
      for (const run of RUNS) {
        const times = measure(target, place, run);
        if (times === null) continue;
        findings.push(`${target.name}: ${JSON.stringify(run)} in ${place} takes ${times}`);
      }
    }
  }
  return findings;
}

/** Bytes of one line of a message that is made of such lines. */
const LINE_BYTES = [1000, 100, 20];
/** So many times the work of ordinary headers of the same size is allowed, and always so much. */
const COST_MAX = 15;
const COST_MS_MIN = 3;

/** Messages of many lines: what is bounded in one line must be bounded in all of them together. */
export function checkCost(targets) {
  const findings = [];
  for (const target of targets) {
    const plainMs = fastest(target, manyLines('X', 'a', 60));
    for (const place of PLACES) {
      for (const run of RUNS.filter((one) => !one.includes('\n'))) {
        for (const lineBytes of LINE_BYTES) {
          const bytes = manyLines(place, run, lineBytes);
          let ms = fastest(target, bytes, 3);
          for (let round = 0; round < RETRIES && ms > plainMs * COST_MAX; round += 1) {
            ms = fastest(target, bytes);
          }
          if (ms < COST_MS_MIN || ms <= plainMs * COST_MAX) continue;
          const what = `${JSON.stringify(run)} in lines of ${lineBytes} bytes of ${place}`;
          findings.push(`${target.name}: ${what} takes ${ms.toFixed(2)} ms`);
        }
      }
    }
  }
  return findings;
}

function manyLines(place, run, lineBytes) {
  const digest = place === 'Authorization' ? 'Digest ' : '';
  const line = `${place}: ${digest}${run.repeat(Math.ceil(lineBytes / run.length))}\r\n`;
  const lines = line.repeat(Math.floor((SMALL_BYTES * FACTOR) / line.length));
  const head =
    'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1\r\nFrom: <sip:100@a>;tag=1\r\nTo: <sip:100@a>\r\n';
  const rest = 'Call-ID: c\r\nCSeq: 1 REGISTER\r\n';
  return Buffer.from(`REGISTER sip:a SIP/2.0\r\n${head}${rest}${lines}\r\n`, 'latin1');
}

/** The two times when the larger one is out of proportion each time; null otherwise. */
function measure(target, place, run) {
  let times = null;
  for (let round = 0; round < RETRIES; round += 1) {
    const smallMs = fastest(target, message(place, run, SMALL_BYTES));
    const largeMs = fastest(target, message(place, run, SMALL_BYTES * FACTOR));
    if (largeMs < TIMED_MS_MIN || largeMs <= smallMs * GROWTH_MAX) return null;
    times = `${smallMs.toFixed(2)} and ${largeMs.toFixed(2)} ms`;
  }
  return times;
}

function message(place, run, bytes) {
  const digest = place === 'Authorization' ? 'Digest ' : '';
  const long = run.repeat(Math.floor(bytes / run.length));
  const lines = {
    Via: 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1',
    From: '<sip:100@a>;tag=1',
    To: '<sip:100@a>',
    'Call-ID': 'c',
    CSeq: '1 REGISTER',
  };
  lines[place] = `${digest}${lines[place] ?? ''}${long}`;
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`REGISTER sip:a SIP/2.0\r\n${head.join('')}\r\n`, 'latin1');
}

function fastest(target, bytes, rounds = ROUNDS) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    target.run(bytes);
    best = Math.min(best, performance.now() - began);
  }
  return best;
}
