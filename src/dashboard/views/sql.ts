import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type SqlAnswer, runSql } from '../answers/sql-answer.ts';
import { ResultTable } from '../components/sql/result-table.ts';
import { SQL_EXAMPLES } from '../components/sql/sql-examples.ts';
import { TableList } from '../components/sql/table-list.ts';
import { explainFailure } from '../polling.ts';
import { sqlHref } from '../router.ts';

/** What is in the field, and what came of it the last time it was run. */
type Outcome =
  | { readonly state: 'none' | 'running' }
  | { readonly state: 'answered'; readonly answer: SqlAnswer }
  | { readonly state: 'failed'; readonly message: string };

/** Typing pauses for so long before the query goes into the address. */
const KEEP_AFTER_MS = 400;

/** SQL over the reporting store and the warehouse. The query stands in the address; an address never runs it by itself. */
export function SqlView({ given }: { given: string }): VNode {
  const [sql, setSql] = useState(given === '' ? SQL_EXAMPLES[0].sql : given);
  const { outcome, run, stop } = useQuery();
  useKeptInAddress(sql);
  useEffect(() => {
    if (given !== '') setSql(given);
  }, [given]);
  const isRunning = outcome.state === 'running';
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    run(sql);
  };
  return html`
    <div class="view-head">
      <h1>SQL</h1>
      <p class="view-note">one statement that reads, in the words of DuckDB; both regions’ records</p>
    </div>
    <div class="sql-layout">
      <div class="sql-work">
        <div class="sql-examples" role="group" aria-label="Examples">
          ${SQL_EXAMPLES.map(
            ({ title, sql: example }) =>
              html`<button key=${title} class="button" type="button" onClick=${() => setSql(example)}>
                ${title}
              </button>`,
          )}
        </div>
        <textarea
          class="sql-field"
          aria-label="Query"
          aria-describedby="sql-keys"
          rows="7"
          spellcheck=${false}
          autocapitalize="off"
          value=${sql}
          onInput=${({ currentTarget }: Event) => setSql((currentTarget as HTMLTextAreaElement).value)}
          onKeyDown=${onKeyDown}
        ></textarea>
        <div class="sql-run">
          <button
            class="button"
            type="button"
            disabled=${sql.trim() === ''}
            onClick=${isRunning ? stop : () => run(sql)}
          >
            ${isRunning ? 'Stop' : 'Run'}
          </button>
          <span class="view-note" id="sql-keys">Ctrl-Enter runs it</span>
          <span class="view-note" role="status">${isRunning ? 'Running…' : ''}</span>
        </div>
        ${outcome.state === 'failed' && html`<pre class="problem sql-problem" role="alert">${outcome.message}</pre>`}
        ${outcome.state === 'answered' && html`<${ResultTable} answer=${outcome.answer} />`}
      </div>
      <${TableList} />
    </div>
  `;
}

interface Query {
  readonly outcome: Outcome;
  readonly run: (sql: string) => void;
  readonly stop: () => void;
}

/** Runs one query at a time; a new one takes the place of the one under way. */
function useQuery(): Query {
  const [outcome, setOutcome] = useState<Outcome>({ state: 'none' });
  const underWay = useRef<AbortController | null>(null);
  useEffect(() => () => underWay.current?.abort(), []);
  const stop = (): void => {
    underWay.current?.abort();
    setOutcome({ state: 'none' });
  };
  const run = (sql: string): void => {
    underWay.current?.abort();
    if (sql.trim() === '') return;
    const asked = new AbortController();
    underWay.current = asked;
    setOutcome({ state: 'running' });
    const settle = (next: Outcome): void => {
      if (!asked.signal.aborted) setOutcome(next);
    };
    runSql(sql, asked.signal).then(
      (answer) => settle({ state: 'answered', answer }),
      (error: unknown) => settle({ state: 'failed', message: explainFailure(error) }),
    );
  };
  return { outcome, run, stop };
}

/** So that it is there after a reload, and on the page of the other region; Back does not go through each letter. */
function useKeptInAddress(sql: string): void {
  useEffect(() => {
    const timer = window.setTimeout(() => {
      if (window.location.hash.startsWith('#/sql')) window.history.replaceState(null, '', sqlHref(sql));
    }, KEEP_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, [sql]);
}
