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

function fastest(target, bytes) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    target.run(bytes);
    best = Math.min(best, performance.now() - began);
  }
  return best;
}
