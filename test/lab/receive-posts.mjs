// Takes what is posted to it and prints a line each; answers with the status that stands in a file.
// Arguments: port, file.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [port, file] = process.argv.slice(2);
createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    const status = Number(readFileSync(file, 'utf8'));
    console.log(JSON.stringify({ status, headers: request.headers, body: JSON.parse(body) }));
    response.writeHead(status).end();
  });
}).listen(Number(port), '127.0.0.1', () => console.log('open'));
