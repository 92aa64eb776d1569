// The least that a route of this server's library costs: node bench/api/bare.js PORT BYTES
import Fastify from 'fastify';

const [port, bytes] = process.argv.slice(2).map(Number);
const server = Fastify({ logger: false });
const body = { text: 'x'.repeat(Math.max(0, bytes - '{"text":""}'.length)) };
server.get('/', (_request, reply) => reply.send(body));
await server.listen({ host: '127.0.0.1', port });
process.stdout.write('open\n');
