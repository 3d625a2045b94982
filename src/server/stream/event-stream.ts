import type { FastifyReply } from 'fastify';
import { assertScoped } from '../access/advertiser-scope.ts';
import { EVENT_STREAM_TYPE } from '../route.ts';

export interface StreamEvent {
  readonly event: string;
  /** JSON on one line. */
  readonly data: string;
  /** What a client that comes back sends as Last-Event-ID. */
  readonly id?: string;
}

/**
 * Server-sent events to one client. Nothing is buffered for a slow one: `send` takes an event only when the last has left.
 */
export class EventStream {
  private readonly response: FastifyReply['raw'];
  private readonly ended: AbortSignal;

  /** Takes over the answer and sends its headers. It ends when `ended` is aborted. */
  constructor(reply: FastifyReply, ended: AbortSignal) {
    assertScoped(reply.request);
    reply.header('content-type', EVENT_STREAM_TYPE).header('x-accel-buffering', 'no').hijack();
    this.response = reply.raw;
    this.ended = ended;
    this.response.writeHead(200, reply.getHeaders() as Record<string, string>);
    this.response.flushHeaders();
    ended.addEventListener('abort', () => this.end());
    if (ended.aborted) this.end();
  }

  get open(): boolean {
    return !this.ended.aborted && !this.response.writableEnded;
  }

  /** Whether the client has taken all it was sent. */
  get ready(): boolean {
    return this.open && !this.response.writableNeedDrain;
  }

  /** Resolves once there is room for the next event, or the stream has ended. */
  send({ event, data, id }: StreamEvent): Promise<void> {
    return this.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`);
  }

  /** Keeps the connection from looking dead. */
  heartbeat(): Promise<void> {
    return this.write(': still here\n\n');
  }

  end(): void {
    if (!this.response.writableEnded) this.response.end();
  }

  private write(text: string): Promise<void> {
    if (!this.open || this.response.write(text)) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.response.off('drain', done);
        this.ended.removeEventListener('abort', done);
        resolve();
      };
      this.response.once('drain', done);
      this.ended.addEventListener('abort', done);
    });
  }
}
