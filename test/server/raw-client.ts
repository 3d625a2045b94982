import { once } from 'node:events';
import { type Socket, connect } from 'node:net';

/** A connection on which a test writes the bytes it likes. */
export class RawClient {
  readonly socket: Socket;
  private received = '';
  private readonly listeners = new Set<() => void>();
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.received += text;
      this.tell();
    });
    // A reset is one of the ways in which a server closes.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      this.tell();
    });
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
    const found = (): boolean => this.received.search(part) >= 0;
    await this.wait(found, `never received ${String(part)}`);
    return this.received;
  }

  /** All that came until the server closed. */
  async untilClosed(): Promise<string> {
    await this.wait(() => this.closed || this.socket.readableEnded, 'the server never closed');
    return this.received;
  }

  clear(): void {
    this.received = '';
  }

  destroy(): void {
    this.socket.destroy();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }

  private wait(condition: () => boolean, otherwise: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(new Error(`${otherwise}; received: ${this.received}`)), 10_000);
      const settle = (error?: Error): void => {
        clearTimeout(timer);
        this.listeners.delete(check);
        this.socket.off('end', check);
        if (error === undefined) resolve();
        else reject(error);
      };
      const check = (): void => {
        if (condition()) settle();
        else if (this.closed)
          settle(new Error(`${otherwise}: the server closed; received: ${this.received}`));
      };
      this.listeners.add(check);
      this.socket.on('end', check);
      check();
    });
  }
}
