import { openKafkaTransactor } from '../../../src/adapters/kafka/kafka-transactor.ts';

/** Kills itself in the middle of a transaction: `node killed-transactor.ts HOST:PORT TOPIC [TRANSACTIONAL-ID [TIMEOUT-MS]]`. */
const [, , broker, topic, transactionalId = topic, timeoutMs = '60000'] = process.argv;
const address = { brokers: [broker], clientId: 'killed' };
const transactor = await openKafkaTransactor(address, {
  transactionalId,
  timeoutMs: Number(timeoutMs),
});
const transaction = await transactor.begin();
const messages = Array.from({ length: 100 }, (_, n) => ({
  key: null,
  value: Buffer.from(`killed ${n}`),
  timestamp: Date.now(),
}));
await transaction.send([{ topic, messages }]);
process.kill(process.pid, 'SIGKILL');
