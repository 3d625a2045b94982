import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../free-port.ts';
import { RegionProcess } from '../region-process.ts';

export const NAMES = ['a', 'b'] as const;
export type Name = (typeof NAMES)[number];

/** Rows reach the files of the warehouse soon. */
const PROMPT = ['--warehouse-file-age', '500ms'];

/** One of two regions that are each other's peer: a process that may be killed and comes back where it was. */
export class RegionSide {
  readonly name: Name;
  readonly url: string;
  readonly directory: string;
  readonly #flags: readonly string[];
  #process: RegionProcess;

  private constructor(name: Name, folder: string, urls: Readonly<Record<Name, string>>) {
    const other = name === 'a' ? 'b' : 'a';
    this.name = name;
    this.url = urls[name];
    this.directory = join(folder, name);
    const port = new URL(this.url).port;
    const peer = `${other}=${urls[other]}`;
    this.#flags = ['--port', port, '--regions', 'a,b', '--region', name, '--peer', peer, ...PROMPT];
    this.#process = this.#start();
  }

  /** Starts both, with their data in `folder`. */
  static async both(folder: string): Promise<readonly [RegionSide, RegionSide]> {
    const urls = { a: '', b: '' };
    for (const name of NAMES) urls[name] = `http://127.0.0.1:${await freePort()}`;
    return [new RegionSide('a', folder, urls), new RegionSide('b', folder, urls)];
  }

  /** Resolves once it listens; rejects when it has ended by itself. */
  async up(): Promise<void> {
    const url = await this.#process.url;
    if (url !== undefined) return;
    const { code, stderr } = await this.#process.exit;
    throw new Error(`region ${this.name} ended by itself with ${code}: ${stderr}`);
  }

  /** Rejects when it has said before that its data is damaged, or that something happened which nobody expected. */
  async kill(): Promise<void> {
    const { stderr } = await this.#process.kill();
    if (/data_corrupt|internal/.test(stderr)) throw new Error(`region ${this.name} said: ${stderr}`);
  }

  async killAndStart(): Promise<void> {
    await this.kill();
    this.#process = this.#start();
  }

  /** Kills it some time into its work, or in the middle of its start. */
  async killWithin(ms: number, { starting }: { readonly starting: boolean }): Promise<void> {
    if (!starting) await this.up();
    await sleep(ms);
    await this.killAndStart();
  }

  #start(): RegionProcess {
    return new RegionProcess(this.directory, [], this.#flags);
  }
}
