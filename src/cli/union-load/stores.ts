import { join } from 'node:path';

/** Where the warehouse of a region lies in its data directory. */
export function warehouseIn(directory: string): string {
  return join(directory, 'warehouse');
}

/** Where its reporting store lies. */
export function reportingIn(directory: string): string {
  return join(directory, 'reporting.duckdb');
}

/** Where stores are made anew, until they take the place of the old ones. Nothing in it counts. */
export function rebuildIn(directory: string): string {
  return join(directory, 'rebuild');
}
