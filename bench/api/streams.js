// Opens so many streams of events and reads them until it is told to end by SIGTERM: node
// bench/api/streams.js '{"url", "count"}'. Prints `open` when all are, and at the end what came.
import { Agent, get } from 'node:http';

const { url, count } = JSON.parse(process.argv[2]);
const agent = new Agent({ keepAlive: true, maxSockets: count });
let [open, ended, events] = [0, 0, 0];

for (let at = 0; at < count; at += 1) {
  get(url, { agent }, (response) => {
    if (response.statusCode !== 200) {
      ended += 1;
      response.resume();
      return;
    }
    open += 1;
    if (open === count) process.stdout.write('open\n');
    response.on('data', (chunk) => {
      for (
        let from = chunk.indexOf('event: sip');
        from >= 0;
        from = chunk.indexOf('event: sip', from + 1)
      )
        events += 1;
    });
    response.once('close', () => (ended += 1));
  }).once('error', () => (ended += 1));
}

process.once('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify({ open, ended, events })}\n`, () => process.exit(0));
});
