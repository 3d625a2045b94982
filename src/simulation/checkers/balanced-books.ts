import type { Region } from '../../embedded/ports.ts';
import { zeroVerdicts, type OracleVerdicts } from '../../oracle/oracle-rules.ts';
import { expectEqual, type Checker } from './checker.ts';

/** The audit balances at any moment, and says what the oracle says. */
export function balancedBooks(): Checker {
  return {
    name: 'the audit balances and is true',
    observed: expectBalance,
    died: expectBalance,
    atRest: ({ region, truth: { oracle } }) => {
      expectBalance(region);
      const audit = region.audit();
      const minutes = new Map(audit.minutes.map(({ minute, ...counts }) => [minute, counts]));
      const total = zeroVerdicts();
      let received = 0;
      for (const [minute, arrivals] of oracle.arrivals()) {
        received += arrivals.received;
        addTo(total, arrivals.verdicts);
        if (minute < oracle.retiredBefore || arrivals.received === 0) continue;
        expectEqual(`arrivals of minute ${minute}`, minutes.get(minute), arrivals);
      }
      expectEqual('received', audit.received, received);
      expectEqual('verdicts', audit.verdicts, total);
      expectEqual('sums of retired records', audit.retiredCells, oracle.retired());
    },
  };
}

function expectBalance(region: Region): void {
  const { balanced, differences } = region.audit();
  expectEqual('differences in the audit', { balanced, differences }, { balanced: true, differences: [] });
}

function addTo(total: OracleVerdicts, verdicts: OracleVerdicts): void {
  for (const verdict of Object.keys(total) as (keyof OracleVerdicts)[]) total[verdict] += verdicts[verdict];
}
