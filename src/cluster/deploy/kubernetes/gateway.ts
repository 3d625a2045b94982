import { ADTALLY_IMAGE } from '../images.ts';
import type { YamlFields } from '../yaml-text.ts';
import { bootstrapOf } from './kafka.ts';
import { brokerUrlOf, controllerUrlOf } from './pinot.ts';

const REPLICAS = 2;
const PORT = 7080;
const MEMORY = '512Mi';
/** Holds keys.json, which `adtally keys` writes: a gateway that others can reach does not start without. */
const KEYS = { secret: 'adtally-keys', path: '/etc/adtally' };

/** The gateways of a region, which keep nothing, behind one name. */
export function gatewayResources(region: string, regions: readonly string[]): YamlFields[] {
  const name = `gateway-${region}`;
  const labels = { app: name };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: labels, ports: [{ name: 'http', port: PORT, targetPort: 'http' }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, labels },
      spec: {
        replicas: REPLICAS,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [container(region, regions)],
            volumes: [{ name: 'keys', secret: { secretName: KEYS.secret } }],
          },
        },
      },
    },
  ];
}

function container(region: string, regions: readonly string[]): YamlFields {
  const where = ['--regions', regions.join(), '--region', region, '--kafka', bootstrapOf(region)];
  return {
    name: 'gateway',
    image: ADTALLY_IMAGE,
    args: [
      'gateway',
      ...where,
      ...regions.flatMap((peer) => (peer === region ? [] : ['--peer-kafka', bootstrapOf(peer)])),
      '--pinot',
      brokerUrlOf(region),
      '--pinot-controller',
      controllerUrlOf(region),
      '--host',
      '0.0.0.0',
      '--port',
      String(PORT),
      '--data',
      KEYS.path,
    ],
    ports: [{ name: 'http', containerPort: PORT }],
    livenessProbe: { httpGet: { path: '/healthz', port: 'http' } },
    readinessProbe: { httpGet: { path: '/readyz', port: 'http' } },
    resources: { requests: { memory: MEMORY }, limits: { memory: MEMORY } },
    volumeMounts: [{ name: 'keys', mountPath: KEYS.path, readOnly: true }],
  };
}
