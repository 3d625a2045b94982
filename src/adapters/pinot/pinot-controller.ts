import { AdtallyError } from '../../base/errors.ts';
import type { ConsumedPartition, PinotController, PinotSegment } from '../../cluster/pinot/ports.ts';
import type { JsonObject } from '../../cluster/render/pinot-tables.ts';
import { askPinot, firstLine, type PinotAddress, type PinotResponse } from './pinot-http.ts';

/** Tables of Pinot are named for their kind inside; here there are tables of one kind only. */
const KIND = 'REALTIME';
const SUFFIX = `_${KIND}`;

interface ConsumingInfo {
  readonly serverName: string;
  readonly consumerState: string;
  readonly partitionOffsetInfo?: { readonly currentOffsetsMap?: Readonly<Record<string, string>> };
  /** What earlier versions have instead. */
  readonly partitionToOffsetMap?: Readonly<Record<string, string>>;
}
type States = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Asks the controller of a Pinot, 0.11 or later, over HTTP. */
export class HttpPinotController implements PinotController {
  readonly #address: PinotAddress;

  constructor(address: PinotAddress) {
    this.#address = address;
  }

  async version(): Promise<string | null> {
    const parts = (await this.#read('/version')) as Readonly<Record<string, unknown>>;
    // A part of it names its build as well: "0.11.0-1b4d6b6b0a27".
    const versions = Object.values(parts).map((part) => /^\d+(?:\.\d+)+/.exec(String(part))?.[0]);
    return versions.find((version) => version !== undefined) ?? null;
  }

  async schema(name: string): Promise<JsonObject | undefined> {
    return (await this.#find(`/schemas/${encodeURIComponent(name)}`)) as JsonObject | undefined;
  }

  async table(name: string): Promise<JsonObject | undefined> {
    const kinds = (await this.#find(tablePath(name))) as Record<string, JsonObject> | undefined;
    const config = kinds?.[KIND];
    return config === undefined ? undefined : { ...config, tableName: name };
  }

  async createSchema(schema: JsonObject): Promise<void> {
    await this.#change('POST', '/schemas', schema);
  }

  async updateSchema(name: string, schema: JsonObject): Promise<void> {
    await this.#change('PUT', `/schemas/${encodeURIComponent(name)}`, schema);
  }

  async createTable(config: JsonObject): Promise<void> {
    await this.#change('POST', '/tables', config);
  }

  async updateTable(name: string, config: JsonObject): Promise<void> {
    await this.#change('PUT', tablePath(name), config);
  }

  async reload(name: string): Promise<void> {
    await this.#change('POST', `/segments/${encodeURIComponent(name + SUFFIX)}/reload`);
  }

  async tables(): Promise<readonly string[]> {
    return ((await this.#read('/tables')) as { tables: readonly string[] }).tables;
  }

  async segments(name: string): Promise<readonly PinotSegment[]> {
    const view = (await this.#read(`${tablePath(name)}/externalview`)) as Record<string, States | null>;
    return Object.entries(view[KIND] ?? {}).map(([segment, states]) => ({ name: segment, states }));
  }

  async consumed(name: string): Promise<readonly ConsumedPartition[]> {
    const info = (await this.#read(`${tablePath(name)}/consumingSegmentsInfo`)) as Readonly<
      Record<string, Readonly<Record<string, readonly ConsumingInfo[]>>>
    >;
    return Object.entries(info['_segmentToConsumingInfoMap']).flatMap(([segment, servers]) =>
      servers.map(({ consumerState, partitionOffsetInfo, partitionToOffsetMap = {} }) => {
        const offsets = partitionOffsetInfo?.currentOffsetsMap ?? partitionToOffsetMap;
        // table__partition__number__time
        const partition = Number(segment.split('__')[1]);
        const offset = offsets[partition];
        const isNumber = offset !== undefined && /^\d+$/.test(offset);
        return { partition, segment, state: consumerState, offset: isNumber ? BigInt(offset) : null };
      }),
    );
  }

  async sizeBytes(name: string): Promise<number> {
    const size = (await this.#read(`${tablePath(name)}/size`)) as { reportedSizeInBytes: number };
    return size.reportedSizeInBytes;
  }

  async pause(name: string): Promise<void> {
    await this.#change('POST', `${tablePath(name + SUFFIX)}/pauseConsumption`);
  }

  async resume(name: string): Promise<void> {
    await this.#change('POST', `${tablePath(name + SUFFIX)}/resumeConsumption`);
  }

  async forceCommit(name: string): Promise<void> {
    await this.#change('POST', `${tablePath(name + SUFFIX)}/forceCommit`);
  }

  /** What there is at the path; undefined for nothing. */
  async #find(path: string): Promise<unknown> {
    const answer = await askPinot(this.#address, 'GET', path);
    if (answer.status === 404) return undefined;
    return accepted(answer, path);
  }

  async #read(path: string): Promise<unknown> {
    return accepted(await askPinot(this.#address, 'GET', path), path);
  }

  async #change(method: 'POST' | 'PUT', path: string, body?: JsonObject): Promise<void> {
    const answer = await askPinot(this.#address, method, path, body);
    // Some changes are answered with nothing.
    if (answer.status !== 200) throw refused(answer, path);
  }
}

function tablePath(name: string): string {
  return `/tables/${encodeURIComponent(name)}`;
}

function accepted(answer: PinotResponse, path: string): unknown {
  if (answer.status === 200 && answer.body !== undefined) return answer.body;
  throw refused(answer, path);
}

function refused({ status, body, text }: PinotResponse, path: string): AdtallyError {
  const said = (body as { error?: unknown } | undefined)?.error;
  return new AdtallyError(
    'store_failed',
    `Pinot’s controller answers ${status} to ${path}: ${firstLine(typeof said === 'string' ? said : text)}`,
  );
}
