import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Keeps its connections. */
export class Sender {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Sends NDJSON and waits for the answer; rejects when it is not 200. */
  async send(body: Uint8Array): Promise<void> {
    await this.#call('POST', '/v1/events', body);
  }

  get(path: string): Promise<Buffer> {
    return this.#call('GET', path);
  }

  /** The answer to a body of JSON. */
  async post<Answer>(path: string, body: unknown): Promise<Answer> {
    const bytes = await this.#call('POST', path, Buffer.from(JSON.stringify(body)), 'application/json');
    return JSON.parse(bytes.toString()) as Answer;
  }

  /** Sends every body, so many requests at a time. Returns the wall time, ms. */
  async sendAll(bodies: readonly Uint8Array[], inFlight: number): Promise<number> {
    const startMs = performance.now();
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < bodies.length) await this.send(bodies[next++]);
    };
    await Promise.all(Array.from({ length: inFlight }, work));
    return performance.now() - startMs;
  }

  /** Sends the bodies evenly, `perSecond` of them, whether or not answers keep up. */
  async sendPaced(bodies: readonly Uint8Array[], perSecond: number): Promise<void> {
    const startMs = performance.now();
    const answers: Promise<void>[] = [];
    for (const [n, body] of bodies.entries()) {
      const waitMs = startMs + (n * 1000) / perSecond - performance.now();
      if (waitMs > 1) await sleep(waitMs);
      answers.push(this.send(body));
    }
    await Promise.all(answers);
  }

  close(): void {
    this.#agent.destroy();
  }

  #call(method: string, path: string, body?: Uint8Array, type = 'application/x-ndjson'): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': type, 'content-length': body?.length ?? 0 };
      const sent = request(this.#url + path, { method, agent: this.#agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const answer = Buffer.concat(chunks);
          if (response.statusCode === 200) resolve(answer);
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${answer.toString()}`));
        });
      });
      sent.once('error', reject);
      sent.end(body);
    });
  }
}
