import { once } from 'node:events';
import { type Socket, connect } from 'node:net';

/** A connection on which a test writes the bytes it likes. */
export class RawClient {
  readonly socket: Socket;
  /** All that came since the last clear(). */
  text = '';
  /** A reset, for one. */
  failure: Error | undefined;
  private readonly listeners = new Set<() => void>();
  /** Whether the server has closed its side, or all. */
  ended = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.text += text;
      this.tell();
    });
    socket.on('error', (error) => (this.failure = error));
    for (const end of ['end', 'close']) {
      socket.on(end, () => {
        this.ended = true;
        this.tell();
      });
    }
  }

  static async open(port: number): Promise<RawClient> {
    const client = new RawClient(connect({ port, host: '127.0.0.1', allowHalfOpen: true }));
    if (client.socket.connecting) await once(client.socket, 'connect');
    return client;
  }

  /** Writes a request's head, and what of its body is given. */
  write(lines: readonly string[], body: string | Uint8Array = ''): void {
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    if (body.length > 0) this.socket.write(body);
  }

  /** All that came, once it holds `part`. */
  async until(part: string | RegExp): Promise<string> {
    const found = (): boolean => (typeof part === 'string' ? this.text.includes(part) : part.test(this.text));
    await this.wait(found, `never received ${String(part)}`);
    return this.text;
  }

  /** All that came until the server closed. */
  async untilClosed(): Promise<string> {
    await this.wait(() => this.ended, 'the server never closed');
    return this.text;
  }

  clear(): void {
    this.text = '';
  }

  destroy(): void {
    this.socket.destroy();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }

  private wait(condition: () => boolean, otherwise: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(new Error(`${otherwise}; received: ${this.text}`)), 10_000);
      const settle = (error?: Error): void => {
        clearTimeout(timer);
        this.listeners.delete(check);
        if (error === undefined) resolve();
        else reject(error);
      };
      const check = (): void => {
        if (condition()) settle();
        else if (this.ended) settle(new Error(`${otherwise}: the server closed; received: ${this.text}`));
      };
      this.listeners.add(check);
      check();
    });
  }
}
