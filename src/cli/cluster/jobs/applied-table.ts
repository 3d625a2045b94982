import type { AppliedJob } from '../../../cluster/jobs/apply-jobs.ts';
import { renderTable } from '../../table.ts';

/** For people. */
export function appliedTable(jobs: readonly AppliedJob[]): string {
  const rows = jobs.map(({ name, action, from, jobId }) => [name, action, from ?? jobId]);
  return renderTable(['job', 'action', 'detail'], rows);
}
