import { request, type Agent } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface Body {
  readonly type: 'application/json' | 'application/x-ndjson';
  readonly bytes: Uint8Array;
}

/** One HTTP call; rejects when no whole answer came. */
export function call(url: string, body?: Body, agent?: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = body && { 'content-type': body.type, 'content-length': body.bytes.length };
    const sent = request(
      url,
      { method: body === undefined ? 'GET' : 'POST', ...(headers && { headers }), ...(agent && { agent }) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('close', () => {
          if (!response.complete) return reject(new Error('the answer broke off'));
          return resolve({ status: response.statusCode!, text: Buffer.concat(chunks).toString() });
        });
      },
    );
    sent.setTimeout(20_000, () => sent.destroy(new Error('no answer in 20 s')));
    sent.once('error', reject);
    sent.end(body?.bytes);
  });
}

/** The text of a 200. */
export async function read(url: string): Promise<string> {
  const { status, text } = await call(url);
  if (status !== 200) throw new Error(`${url} answers ${status}: ${text}`);
  return text;
}
