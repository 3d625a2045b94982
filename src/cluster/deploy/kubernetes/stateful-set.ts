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
          spec: { containers: [container(server)], volumes: sharedVolumes(server) },
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
    ],
  };
}

function sharedVolumes({ shared }: StatefulServer): YamlFields[] | undefined {
  if (shared === undefined) return undefined;
  return [{ name: 'shared', persistentVolumeClaim: { claimName: shared.claim } }];
}
