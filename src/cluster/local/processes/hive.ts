import { at, configPath, dataPath, HOST, type ClusterLayout, type Runtime } from '../cluster-layout.ts';
import type { ConfigFile, ProcessPlan } from '../process-plan.ts';
import { jvmCommand, loggingFile, openModules } from './jvm-command.ts';
import { PROCESS_MEMORY } from './process-memory.ts';

const MODULES = openModules([
  'java.lang',
  'java.lang.reflect',
  'java.util',
  'java.util.concurrent',
  'java.util.concurrent.atomic',
  'java.util.regex',
  'java.io',
  'java.net',
  'java.nio',
  'java.time',
  'java.math',
  'java.text',
  'sun.nio.ch',
]);

/**
 * HiveServer2 over the warehouse of all regions: its metastore (Derby) and its engine (Tez, local) are in the same JVM. Tez wants
 * classes of log4j 1 that the bridge to log4j 2 lacks, and gets them from the last group; before the bridge they would replace it.
 */
export function hivePlan(layout: ClusterLayout, runtime: Runtime): ProcessPlan {
  const { hive } = layout.ports;
  const site = siteFile(layout);
  const logging = loggingFile(layout);
  const folder = dataPath(layout, 'hive');
  return {
    name: 'hive',
    memoryMib: PROCESS_MEMORY.hive.planned,
    command: jvmCommand(layout, runtime, {
      memory: PROCESS_MEMORY.hive,
      jars: ['hive', 'hive-last'],
      classFolders: [configPath(layout, 'hive')],
      flags: [
        ...MODULES,
        '-Duser.timezone=UTC',
        `-Djava.io.tmpdir=${folder}/tmp`,
        `-Dderby.stream.error.file=${folder}/derby.log`,
      ],
      mainClass: 'org.apache.hive.service.server.HiveServer2',
      args: [],
    }),
    environment: {
      HIVE_CONF_DIR: configPath(layout, 'hive'),
      HADOOP_CONF_DIR: configPath(layout, 'hive'),
    },
    files: [
      logging,
      // Under this name it takes the place of Hive's own, which would write a second log.
      { path: configPath(layout, 'hive', 'hive-log4j2.properties'), text: logging.text },
      site,
    ],
    folders: [folder, `${folder}/tmp`, dataPath(layout, 'warehouse')],
    ports: [{ number: hive, use: 'HiveServer2' }],
    waitsFor: [],
    readiness: { kind: 'hive', address: at(hive) },
    url: `jdbc:hive2://${at(hive)}`,
  };
}

function siteFile(layout: ClusterLayout): ConfigFile {
  const properties = Object.entries({
    ...serverSettings(layout),
    ...metastoreSettings(layout),
    ...engineSettings(layout),
  });
  const lines = properties.map(
    ([name, value]) => `  <property><name>${name}</name><value>${value}</value></property>\n`,
  );
  return {
    path: configPath(layout, 'hive', 'hive-site.xml'),
    text: `<configuration>\n${lines.join('')}</configuration>\n`,
  };
}

function serverSettings(layout: ClusterLayout): Record<string, string | number | boolean> {
  return {
    'hive.server2.thrift.bind.host': HOST,
    'hive.server2.thrift.port': layout.ports.hive,
    // Else its page listens on every address.
    'hive.server2.webui.port': 0,
    'hive.server2.enable.doAs': false,
    'hive.server2.authentication': 'NONE',
    'hive.server2.logging.operation.enabled': false,
    'hive.server2.tez.initialize.default.sessions': false,
    'hive.server2.materializedviews.registry.impl': 'DUMMY',
    // Records of both regions only ever come as whole files: nothing to lock.
    'hive.support.concurrency': false,
    'hive.txn.manager': 'org.apache.hadoop.hive.ql.lockmgr.DummyTxnManager',
    'hive.stats.autogather': false,
  };
}

function metastoreSettings(layout: ClusterLayout): Record<string, string | boolean> {
  const folder = dataPath(layout, 'hive');
  return {
    'javax.jdo.option.ConnectionURL': `jdbc:derby:;databaseName=${folder}/metastore;create=true`,
    'javax.jdo.option.ConnectionDriverName': 'org.apache.derby.jdbc.EmbeddedDriver',
    'datanucleus.schema.autoCreateAll': true,
    'hive.metastore.schema.verification': false,
    'hive.metastore.event.db.notification.api.auth': false,
    'hive.metastore.warehouse.dir': `${folder}/managed`,
    'hive.metastore.warehouse.external.dir': dataPath(layout, 'warehouse'),
  };
}

function engineSettings(layout: ClusterLayout): Record<string, string | number | boolean> {
  const temporary = `${dataPath(layout, 'hive')}/tmp`;
  return {
    'fs.defaultFS': 'file:///',
    'hadoop.tmp.dir': `${temporary}/hadoop`,
    'mapreduce.framework.name': 'local',
    'hive.execution.engine': 'tez',
    'hive.tez.container.size': 256,
    'hive.exec.submit.local.task.via.child': false,
    'hive.exec.scratchdir': `${temporary}/scratch`,
    // What a killed one left.
    'hive.start.cleanup.scratchdir': true,
    'hive.exec.local.scratchdir': `${temporary}/local`,
    'hive.downloaded.resources.dir': `${temporary}/resources`,
    'hive.querylog.location': `${temporary}/querylog`,
    'hive.jar.directory': `${temporary}/jars`,
    'hive.user.install.directory': `${temporary}/install`,
    'tez.local.mode': true,
    // Else the master of each query listens on every address.
    'tez.local.mode.without.network': true,
    'tez.runtime.optimize.local.fetch': true,
    'tez.ignore.lib.uris': true,
    'tez.staging-dir': `${temporary}/tez`,
    'tez.am.resource.memory.mb': 256,
  };
}
