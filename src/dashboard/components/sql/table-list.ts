import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type SqlCell, runSql } from '../../answers/sql-answer.ts';
import { explainFailure } from '../../polling.ts';
import { cellText } from './cell-text.ts';
import { TABLES_SQL } from './sql-examples.ts';

interface TableShape {
  readonly name: string;
  readonly columns: readonly (readonly [name: string, type: string])[];
}

/** Tables and views there are, with their columns. */
export function TableList(): VNode {
  const [tables, setTables] = useState<readonly TableShape[] | string>('Loading…');
  useEffect(() => {
    const left = new AbortController();
    runSql(TABLES_SQL, left.signal).then(
      ({ columns, rows }) =>
        setTables(
          shapesOf(
            columns.map(({ name }) => name),
            rows,
          ),
        ),
      (error: unknown) => {
        if (!left.signal.aborted) setTables(explainFailure(error));
      },
    );
    return () => left.abort();
  }, []);
  return html`<aside class="sql-tables" aria-labelledby="tables-title">
    <h2 id="tables-title">Tables and views</h2>
    ${
      typeof tables === 'string'
        ? html`<p class="view-note">${tables}</p>`
        : tables.map(
            ({ name, columns }) =>
              html`<details key=${name}>
                <summary><code>${name}</code></summary>
                <ul>
                  ${columns.map(
                    ([column, type]) =>
                      html`<li key=${column}>
                        <code>${column}</code> <span class="sql-type">${type.toLowerCase()}</span>
                      </li>`,
                  )}
                </ul>
              </details>`,
          )
    }
  </aside>`;
}

/** SHOW ALL TABLES has a row for each, with the names and types of its columns in lists. */
function shapesOf(names: readonly string[], rows: readonly (readonly SqlCell[])[]): TableShape[] {
  const at = (name: string): number => names.indexOf(name);
  return rows.map((row) => {
    const types = row[at('column_types')] as readonly string[];
    const columns = row[at('column_names')] as readonly string[];
    return {
      name: `${cellText(row[at('database')])}.${cellText(row[at('name')])}`,
      columns: columns.map((column, index) => [column, types[index]] as const),
    };
  });
}
