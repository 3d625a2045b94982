import { memoryFlags, PROCESS_MEMORY } from '../../local/processes/process-memory.ts';
import { HIVE_IMAGE } from '../images.ts';
import type { YamlFields } from '../yaml-text.ts';
import { FLINK_DATA } from './flink.ts';
import { statefulServer } from './stateful-set.ts';

const PORT = 10_000;
const NAME = 'hive';
const FOLDER = '/var/hive';

/** Where it is asked. */
export const HIVE_ADDRESS = `${NAME}:${PORT}`;

/** HiveServer2 over the warehouse, which Flink writes on its own volume; the metastore (Derby) is in it and on the volume of Hive. */
export function hiveResources(): YamlFields[] {
  const options = [
    ...memoryFlags(PROCESS_MEMORY.hive),
    '-Duser.timezone=UTC',
    `-Djavax.jdo.option.ConnectionURL=jdbc:derby:;databaseName=${FOLDER}/metastore;create=true`,
    `-Dhive.metastore.warehouse.external.dir=${FLINK_DATA.path}/warehouse`,
  ];
  return statefulServer({
    name: NAME,
    image: HIVE_IMAGE,
    memory: PROCESS_MEMORY.hive,
    environment: { SERVICE_NAME: 'hiveserver2', SERVICE_OPTS: options.join(' ') },
    ports: { thrift: PORT },
    readiness: { tcpSocket: { port: 'thrift' } },
    storage: { size: '5Gi', path: FOLDER },
    shared: FLINK_DATA,
  });
}
