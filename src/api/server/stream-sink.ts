import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StreamSink } from './event-stream.js';

/** One answer as a stream. What is written before it begins goes out with the headers. */
export function sinkOf(
  request: FastifyRequest,
  reply: FastifyReply,
): { readonly out: StreamSink; readonly begin: (stop: () => void) => void } {
  const response = reply.raw;
  let began = false;
  let first = '';
  return {
    out: {
      write: (text) => {
        if (began) return response.write(text);
        first += text;
        return true;
      },
      waitingBytes: () => response.writableLength,
      end: () => {
        response.end();
      },
    },
    begin: (stop) => {
      began = true;
      request.raw.socket.setTimeout(0);
      reply.hijack();
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) response.setHeader(name, value);
      }
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // nginx holds what it passes on back, unless it is told not to.
        'x-accel-buffering': 'no',
      });
      response.write(first);
      response.on('close', stop);
      response.on('error', stop);
    },
  };
}
