import { once } from 'node:events';
import type { Socket } from 'node:net';

/** Says `request` and listens until there are `least` bytes. */
export async function heard(
  socket: Socket,
  request: Buffer,
  least: number,
  signal: AbortSignal,
): Promise<Buffer> {
  socket.write(request);
  let answer = Buffer.alloc(0);
  while (answer.length < least) {
    const [bytes] = (await once(socket, 'data', { signal })) as [Buffer];
    answer = Buffer.concat([answer, bytes]);
  }
  return answer;
}
