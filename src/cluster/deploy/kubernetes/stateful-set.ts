import type { ProcessMemory } from '../../local/processes/process-memory.ts';
import { containerResources } from '../jvm-memory.ts';
import type { YamlFields } from '../yaml-text.ts';

/** A server with a volume of its own, and a name in the network. */
export interface StatefulServer {
  readonly name: string;
  readonly image: string;
  readonly memory: ProcessMemory;
  readonly args?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** By name. */
  readonly ports: Readonly<Record<string, number>>;
  readonly readiness: YamlFields;
  readonly storage: { readonly size: string; readonly path: string };
  /** A volume that others have, too. */
  readonly shared?: { readonly claim: string; readonly path: string };
  /** A file of a ConfigMap, put into a folder of the volume. */
  readonly file?: { readonly configMap: string; readonly name: string; readonly folder: string };
  /** Whose the volume is; the image says where it is not given. */
  readonly group?: number;
}

/** Its StatefulSet of one replica and its Service, whose name is that of the server. */
export function statefulServer(server: StatefulServer): YamlFields[] {
  const { name, ports } = server;
  const labels = { app: name };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: {
        // Whoever is not ready yet is talked to by the others, too.
        publishNotReadyAddresses: true,
        selector: labels,
        ports: Object.entries(ports).map(([port, number]) => ({ name: port, port: number })),
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name, labels },
      spec: {
        serviceName: name,
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            ...(server.group === undefined ? {} : { securityContext: { fsGroup: server.group } }),
            containers: [container(server)],
            volumes: otherVolumes(server),
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: {
              accessModes: ['ReadWriteOnce'],
              resources: { requests: { storage: server.storage.size } },
            },
          },
        ],
      },
    },
  ];
}

function container({
  name,
  image,
  args,
  environment,
  ports,
  readiness,
  memory,
  storage,
  shared,
  file,
}: StatefulServer): YamlFields {
  return {
    name,
    image,
    args,
    env: Object.entries(environment).map(([variable, value]) => ({ name: variable, value })),
    ports: Object.entries(ports).map(([port, number]) => ({ name: port, containerPort: number })),
    readinessProbe: readiness,
    resources: containerResources(memory),
    volumeMounts: [
      { name: 'data', mountPath: storage.path },
      ...(shared === undefined ? [] : [{ name: 'shared', mountPath: shared.path }]),
      ...(file === undefined
        ? []
        : [{ name: 'file', mountPath: `${file.folder}/${file.name}`, subPath: file.name, readOnly: true }]),
    ],
  };
}

function otherVolumes({ shared, file }: StatefulServer): YamlFields[] | undefined {
  const volumes = [
    ...(shared === undefined ? [] : [{ name: 'shared', persistentVolumeClaim: { claimName: shared.claim } }]),
    ...(file === undefined ? [] : [{ name: 'file', configMap: { name: file.configMap } }]),
  ];
  return volumes.length === 0 ? undefined : volumes;
}
