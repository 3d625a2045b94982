import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { ReadinessProbe } from '../../cluster/local/ports.ts';
import type { HttpPage, Readiness } from '../../cluster/local/process-plan.ts';
import { opensSession } from './hive-greeting.ts';
import { heard } from './socket-answer.ts';

const TIMEOUT_MS = 3000;
const METADATA_REQUEST = metadataRequest('adtally-cluster');
const POSTGRES_STARTUP = postgresStartup('adtally', 'postgres');
/** In the answer, after its length and its number. */
const BROKER_COUNT_AT = 8;

/** Asks the servers themselves, in the language of each. */
export const serverProbe: ReadinessProbe = {
  async isReady(readiness) {
    try {
      return await ask(readiness);
    } catch {
      // Refused, reset, too slow, or not its language: all mean not yet.
      return false;
    }
  },
};

async function ask(readiness: Readiness): Promise<boolean> {
  if (readiness.kind === 'http') return await showPages(readiness.pages);
  if (readiness.kind === 'kafka') return await hasBroker(readiness.address);
  if (readiness.kind === 'zookeeper') return (await converse(readiness.address, 'srvr')).includes('Mode:');
  if (readiness.kind === 'hive') return await withSocket(readiness.address, opensSession);
  if (readiness.kind === 'postgres') return await withSocket(readiness.address, letsIn);
  return await withSocket(readiness.address, () => Promise.resolve(true));
}

async function showPages(pages: readonly HttpPage[]): Promise<boolean> {
  for (const { url, shows = '' } of pages) {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok || !(await response.text()).includes(shows)) return false;
  }
  return true;
}

/** Says `line`, listens until the other side hangs up, and gives back what it heard. */
async function converse(address: string, line: string): Promise<string> {
  let answer = '';
  await withSocket(address, async (socket, signal) => {
    const ended = once(socket, 'end', { signal });
    socket.on('data', (bytes: Buffer) => (answer += bytes.toString()));
    socket.write(line);
    await ended;
  });
  return answer;
}

/** A port that listens is not enough: a broker is in its own metadata only when its controller lets it serve. */
async function hasBroker(address: string): Promise<boolean> {
  return await withSocket(address, async (socket, signal) => {
    const answer = await heard(socket, METADATA_REQUEST, BROKER_COUNT_AT + 4, signal);
    return answer.readInt32BE(BROKER_COUNT_AT) > 0;
  });
}

/** While PostgreSQL recovers it answers with an error; "R", that it takes the password or needs none, comes from one that serves. */
async function letsIn(socket: Socket, signal: AbortSignal): Promise<boolean> {
  const answer = await heard(socket, POSTGRES_STARTUP, 1, signal);
  return answer.toString('latin1', 0, 1) === 'R';
}

/** Connects, lets `action` talk and hangs up; rejects when nobody is there or it takes too long. */
async function withSocket<Result>(
  address: string,
  action: (socket: Socket, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const [host, port] = address.split(':');
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const socket = connect({ host, port: Number(port) });
  try {
    await once(socket, 'connect', { signal });
    return await action(socket, signal);
  } finally {
    socket.destroy();
  }
}

/** Kafka's Metadata request, version 1, for no topics: length, API, version, number, name of the client, topics. */
function metadataRequest(client: string): Buffer {
  const body = Buffer.alloc(14 + client.length);
  body.writeInt16BE(3, 0);
  body.writeInt16BE(1, 2);
  body.writeInt32BE(1, 4);
  body.writeInt16BE(client.length, 8);
  body.write(client, 10, 'latin1');
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** PostgreSQL's first message, protocol 3.0: length, version, and who wants to talk to which database. */
function postgresStartup(user: string, database: string): Buffer {
  const text = `user\0${user}\0database\0${database}\0\0`;
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + text.length);
  head.writeInt32BE(3 << 16, 4);
  return Buffer.concat([head, Buffer.from(text, 'latin1')]);
}
