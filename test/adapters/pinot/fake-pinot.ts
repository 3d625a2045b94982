import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PinotRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** What a Pinot says to a request: a status and a text. */
export type PinotAnswers = (request: PinotRequest) => readonly [number, string] | undefined;

/** A server that answers as it is told, and keeps what it was asked. No answer keeps the asker waiting. */
export class FakePinot {
  readonly requests: PinotRequest[] = [];
  readonly #server: Server;

  private constructor(answers: PinotAnswers) {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const asked = { method, path: url, headers, body: Buffer.concat(parts).toString() };
        this.requests.push(asked);
        const answer = answers(asked);
        if (answer !== undefined) response.writeHead(answer[0]).end(answer[1]);
      });
    });
  }

  static async start(answers: PinotAnswers): Promise<FakePinot> {
    const pinot = new FakePinot(answers);
    pinot.#server.listen(0, '127.0.0.1');
    await once(pinot.#server, 'listening');
    return pinot;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
