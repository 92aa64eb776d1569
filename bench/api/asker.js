// Asks one URL over so many connections for a while: node bench/api/asker.js '{"url", "connections",
// "seconds"}'. Prints one line of JSON: requests a second, milliseconds of the slowest hundredth, faults.
import { Agent, get } from 'node:http';

const { url, connections, seconds } = JSON.parse(process.argv[2]);
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const times = [];
let faults = 0;

const ask = () =>
  new Promise((resolve) => {
    const begun = performance.now();
    const request = get(url, { agent }, (response) => {
      response.resume();
      response.once('end', () => {
        if (response.statusCode === 200) times.push(performance.now() - begun);
        else faults += 1;
        resolve();
      });
    });
    request.once('error', () => {
      faults += 1;
      resolve();
    });
  });

async function repeat(untilMs) {
  while (performance.now() < untilMs) await ask();
}

const begun = performance.now();
const lines = Array.from({ length: connections }, () => repeat(begun + seconds * 1_000));
await Promise.all(lines);
const took = (performance.now() - begun) / 1_000;
times.sort((a, b) => a - b);
const p99 = times[Math.floor(times.length * 0.99)] ?? null;
process.stdout.write(`${JSON.stringify({ rate: times.length / took, p99, faults })}\n`);
agent.destroy();
