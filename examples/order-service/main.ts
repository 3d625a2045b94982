import { parseArgs } from 'node:util';
import { HOSTILITIES, startOrderService, type Hostility } from './order-service.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '7171' },
    latency: { type: 'string', default: '20' },
    'failure-rate': { type: 'string', default: '0' },
    hostile: { type: 'string' },
    'redirect-to': { type: 'string' },
    token: { type: 'string' },
  },
});

const isHostility = (text: string): text is Hostility => (HOSTILITIES as readonly string[]).includes(text);
const { hostile } = values;
if (hostile !== undefined && !isHostility(hostile)) {
  console.error(`--hostile is ${hostile}; it must be one of ${HOSTILITIES.join(', ')}.`);
  process.exit(2);
}

const service = await startOrderService({
  port: Number(values.port),
  latencyMs: Number(values.latency),
  failureRate: Number(values['failure-rate']),
  hostile,
  token: values.token,
  ...(values['redirect-to'] === undefined ? {} : { redirectTo: values['redirect-to'] }),
});
console.log(
  `The order service listens at ${service.url}${hostile === undefined ? '' : ` and is hostile: ${hostile}`}`,
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void service.close());
