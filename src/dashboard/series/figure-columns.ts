import type uPlot from 'uplot';
import type { FigureName } from '../answers/figures-answer.ts';
import type { FigureSlot } from './figure-slots.ts';

/** Which figure, and how it is drawn. */
interface Drawn {
  readonly name: FigureName;
  readonly drawing: 'bars' | 'line';
}

/**
 * Middles of the buckets, Unix s; what is final; what is provisional. A line of what is provisional begins at the last final point, so
 * that it is one with the other.
 */
export function figureColumns({ name, drawing }: Drawn, slots: readonly FigureSlot[]): uPlot.AlignedData {
  const joint = drawing === 'line' ? slots.findLastIndex(isFinal) : -1;
  const value = ({ row }: FigureSlot): number | null => {
    const figure = row?.[name] ?? null;
    return figure === null ? null : Number(figure);
  };
  return [
    slots.map(({ start, end }) => (start + end) / 2000),
    slots.map((slot) => (isFinal(slot) ? value(slot) : null)),
    slots.map((slot, index) => (!isFinal(slot) || index === joint ? value(slot) : null)),
  ];
}

function isFinal({ row }: FigureSlot): boolean {
  return row?.final === true;
}
