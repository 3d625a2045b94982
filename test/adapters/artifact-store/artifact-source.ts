import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256 } from '../../../src/base/checksum.ts';
import {
  formatLock,
  parseArtifactLock,
  type ArtifactGroup,
  type ArtifactLock,
  type LockedFile,
} from '../../../src/adapters/artifact-store/artifact-lock.ts';

export type Answer = (response: ServerResponse, bytes: Buffer, begun: number) => void;

/** A repository on this machine that notes what it is asked, and answers as a test wants. */
export class ArtifactSource {
  readonly files = new Map<string, Buffer>();
  /** Path and range of every request, in order. */
  readonly asked: string[] = [];
  /** The next answers, instead of good ones. */
  readonly answers: Answer[] = [];
  /** Every answer without one of its own. */
  answer: Answer = send;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A file that is there, as a lock names it. */
  add(path: string, bytes: Buffer, origin: LockedFile['origin'] = 'maven'): LockedFile {
    this.files.set(path, bytes);
    return locked(path, bytes, origin);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url!.slice(1);
    const { range } = request.headers;
    this.asked.push(range === undefined ? path : `${path} ${range}`);
    const bytes = this.files.get(path);
    if (bytes === undefined) return void response.writeHead(404).end();
    const begun = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    (this.answers.shift() ?? this.answer)(response, bytes, begun);
  }
}

export function locked(path: string, bytes: Buffer, origin: LockedFile['origin']): LockedFile {
  return { sha256: sha256(bytes).toString('hex'), bytes: bytes.length, origin, path };
}

export function lockOf(group: ArtifactGroup, ...files: readonly LockedFile[]): ArtifactLock {
  return parseArtifactLock(group, formatLock(files));
}

/** Bytes that say where they are, so that a piece in the wrong place is seen. */
export function someBytes(seed: string, count: number): Buffer {
  const bytes = Buffer.alloc(count);
  for (let at = 0; at < count; at += 32) bytes.set(sha256(`${seed} ${at}`).subarray(0, count - at), at);
  return bytes;
}

export function send(response: ServerResponse, bytes: Buffer, begun: number): void {
  begin(response, bytes, begun);
  response.end(bytes.subarray(begun));
}

/** So long whoever fetches has time to take what came: what it has not read when the connection breaks is lost. */
const TAKEN_MS = 500;

/** The head and `count` bytes, and then the connection is gone. */
export function breakAfter(count: number): Answer {
  return (response, bytes, begun) => {
    begin(response, bytes, begun);
    const part = bytes.subarray(begun, begun + count);
    response.write(part, () => setTimeout(() => response.destroy(), TAKEN_MS));
  };
}

/** The head and `count` bytes, and then nothing. */
export function stallAfter(count: number, onStall: () => void = () => {}): Answer {
  return (response, bytes, begun) => {
    begin(response, bytes, begun);
    response.write(bytes.subarray(begun, begun + count), onStall);
  };
}

export function status(code: number): Answer {
  return (response) => void response.writeHead(code).end();
}

function begin(response: ServerResponse, bytes: Buffer, begun: number): void {
  const range = begun === 0 ? {} : { 'content-range': `bytes ${begun}-${bytes.length - 1}/${bytes.length}` };
  response.writeHead(begun === 0 ? 200 : 206, { 'content-length': bytes.length - begun, ...range });
}
