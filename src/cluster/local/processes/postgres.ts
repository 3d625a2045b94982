import {
  at,
  configPath,
  dataPath,
  HOST,
  POSTGRES_ROLE,
  type ClusterLayout,
  type Runtime,
} from '../cluster-layout.ts';
import { POSTGRES_CONNECTIONS, POSTGRES_MEMORY } from './process-memory.ts';
import type { ProcessPlan } from '../process-plan.ts';

/** PostgreSQL, shared by the regions: the ledger of budgets, and the touches of users. Its storage is made once. */
export function postgresPlan(layout: ClusterLayout, { postgres }: Runtime): ProcessPlan {
  const { postgres: port } = layout.ports;
  const file = configPath(layout, 'postgresql.conf');
  const folder = dataPath(layout, 'postgres');
  return {
    name: 'postgres',
    memoryMib: POSTGRES_MEMORY.planned,
    command: [
      ...asUser(postgres.user),
      `${postgres.programs}/postgres`,
      '-D',
      folder,
      '-c',
      `config_file=${file}`,
    ],
    environment: {},
    files: [{ path: file, text: configuration(port) }],
    folders: [dataPath(layout)],
    ports: [{ number: port, use: 'PostgreSQL' }],
    waitsFor: [],
    readiness: { kind: 'postgres', address: at(port) },
    url: at(port),
    // SIGTERM would wait until every client has gone.
    stopSignal: 'SIGINT',
    preparation: {
      command: ['sh', '-ec', initialisation(postgres, folder)],
      makes: `${folder}/PG_VERSION`,
    },
  };
}

/** Settings of ours; the rest is as PostgreSQL has it: a commit is on the disk. */
function configuration(port: number): string {
  const { sharedBuffers, workMem, maintenance } = POSTGRES_MEMORY;
  const settings: Readonly<Record<string, string | number>> = {
    listen_addresses: `'${HOST}'`,
    port,
    // Its own folder of data, by a relative name: a socket's path may have no more than 107 bytes.
    unix_socket_directories: `'.'`,
    max_connections: POSTGRES_CONNECTIONS,
    shared_buffers: `${sharedBuffers}MB`,
    work_mem: `${workMem}MB`,
    maintenance_work_mem: `${maintenance}MB`,
    max_wal_size: '512MB',
    timezone: `'UTC'`,
    log_timezone: `'UTC'`,
    // A connection that died is noticed within half a minute.
    tcp_keepalives_idle: 15,
    tcp_keepalives_interval: 5,
    tcp_keepalives_count: 3,
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join('');
}

/** A shell script. The storage is made beside its place and moved there whole: an initdb that was killed leaves nothing behind. */
function initialisation({ programs, user }: Runtime['postgres'], folder: string): string {
  const draft = `${folder}.new`;
  const owner = user === null ? '' : ` -o ${user} -g ${user}`;
  const initdb = [
    ...asUser(user),
    `${programs}/initdb`,
    `-D ${draft} --username=${POSTGRES_ROLE} --auth=trust --encoding=UTF8 --locale=C --data-checksums`,
  ].join(' ');
  return `rm -rf ${draft}; install -d -m 700${owner} ${draft}; ${initdb}; mv ${draft} ${folder}`;
}

function asUser(user: string | null): string[] {
  return user === null ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'];
}
