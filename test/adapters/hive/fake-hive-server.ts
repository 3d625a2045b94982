import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** How a server behaves that is not, or not yet, a HiveServer2. */
export type Manner =
  | 'silent'
  | 'hangs up'
  | 'refuses the login'
  | 'hangs up at the session'
  | 'fails'
  | 'opens';

const COMPLETE = frame(Buffer.alloc(0), 5);
const BAD = frame(Buffer.from('no such user'), 3);

/** Speaks as much of Hive's protocol as opening a session takes. */
export class FakeHiveServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(manner: Manner) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      serve(socket, manner);
    });
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function serve(socket: Socket, manner: Manner): void {
  if (manner === 'hangs up') socket.destroy();
  let isLoggedIn = false;
  socket.on('data', (bytes: Buffer) => {
    if (manner === 'silent') return;
    if (manner === 'refuses the login') socket.write(BAD);
    else if (!isLoggedIn) {
      // The login is two frames, which may come apart; the second one begins with a 2.
      if (!bytes.includes('adtally')) return;
      isLoggedIn = true;
      socket.write(COMPLETE);
    } else if (manner === 'hangs up at the session') socket.destroy();
    else socket.write(openSessionReply(manner === 'opens' ? 0 : 3, bytes));
  });
}

/** Thrift's reply to OpenSession: a status and no more. */
function openSessionReply(status: number, call: Buffer): Buffer {
  const head = Buffer.from(call.subarray(4, 4 + 4 + 4 + 11 + 4));
  // A reply, no call.
  head[3] = 2;
  const code = Buffer.alloc(4);
  code.writeInt32BE(status);
  // Fields 0, 1 and 1: the answer, its status, the code of it; three structs end.
  const body = Buffer.concat([head, Buffer.from([12, 0, 0, 12, 0, 1, 8, 0, 1]), code, Buffer.alloc(3)]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

function frame(payload: Buffer, status: number): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(status, 0);
  head.writeInt32BE(payload.length, 1);
  return Buffer.concat([head, payload]);
}
