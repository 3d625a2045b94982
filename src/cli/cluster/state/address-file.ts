import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AdtallyError } from '../../../base/errors.ts';
import { SECOND_MS } from '../../../base/units.ts';
import { HOST_PORT, type ClusterAddresses } from '../../../cluster/addresses.ts';
import { PINOT_DIALECTS } from '../../../cluster/render/pinot-tables.ts';
import { shapeProblems } from '../../shape-problems.ts';

/** "up" writes it for a cluster of this machine; for one that runs elsewhere whoever runs it does. */
export const ADDRESS_FILE = 'addresses.json';

const REGIONS_MAX = 2;
const COPIES_MAX = 100;
const REGION = /^[A-Za-z0-9_-]+$/;

const servers = z
  .string()
  .refine(
    (text) => text.split(',').every((one) => HOST_PORT.test(one)),
    'write HOST:PORT, several with commas',
  );
const server = z.string().regex(HOST_PORT, 'write HOST:PORT');
/** Paths are added to it. */
const url = z
  .string()
  .refine((text) => /^https?:\/\//.test(text) && URL.canParse(text), 'write http://HOST:PORT')
  .transform((text) => text.replace(/\/+$/, ''));

const regionShape = z
  .strictObject({ kafka: servers, pinotController: url.exactOptional(), pinotBroker: url.exactOptional() })
  .refine(
    ({ pinotController, pinotBroker }) => (pinotController === undefined) === (pinotBroker === undefined),
    'Pinot has both pinotController and pinotBroker, or neither',
  );

const addressShape = z.strictObject({
  regions: z
    .record(z.string(), regionShape)
    .refine(
      (regions) => Object.keys(regions).every((name) => REGION.test(name)),
      'names have letters, digits, "-" and "_"',
    )
    .refine((regions) => {
      const count = Object.keys(regions).length;
      return count > 0 && count <= REGIONS_MAX;
    }, 'name one region or two'),
  flink: url,
  sqlGateway: url,
  hive: server.exactOptional(),
  postgres: z
    .string()
    .refine(
      (text) => /^postgres(ql)?:\/\/./.test(text) && URL.canParse(text),
      'write postgresql://USER@HOST:PORT/DATABASE',
    )
    .exactOptional(),
  warehouse: z.string().startsWith('file:///', 'write file:///FOLDER, which Flink and Hive see'),
  checkpointIntervalMs: z.int().min(100).default(SECOND_MS),
  pinotDialect: z.enum(PINOT_DIALECTS).default('0.11'),
  pinotReplication: z.int().min(1).max(COPIES_MAX).default(1),
});

const NAMES = Object.keys(addressShape.shape);
const REGION_NAMES = Object.keys(regionShape.shape);

/** Where the servers of the cluster in `directory` are. Throws AdtallyError not_found without a file that says so, config_invalid for one that is wrong. */
export function readAddresses(directory: string): ClusterAddresses {
  const path = join(directory, ADDRESS_FILE);
  const text = readText(path);
  if (text === undefined)
    throw new AdtallyError(
      'not_found',
      `There is no cluster in ${directory}: start one with "adtally cluster up", or name the servers of one that runs elsewhere in ${path}.`,
    );
  const result = addressShape.safeParse(parse(text, path));
  if (result.success) return result.data;
  const problems = shapeProblems(result.error, (at) => (at.startsWith('regions') ? REGION_NAMES : NAMES));
  throw new AdtallyError('config_invalid', `${path} does not say where the cluster is: ${problems}.`);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new AdtallyError('config_invalid', `${path} cannot be read: ${message}.`, { cause });
  }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AdtallyError('config_invalid', `${path} is not JSON: ${(cause as Error).message}.`, { cause });
  }
}
