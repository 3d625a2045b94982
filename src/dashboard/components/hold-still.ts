import { useRef, useState } from 'preact/hooks';

export interface HeldStill<T> {
  /** The latest value, or the one from when the holding began. */
  readonly shown: T;
  readonly isHeld: boolean;
  /** Attributes for the element that holds still. */
  readonly hold: Readonly<Record<string, () => void>>;
}

/** Holds a value still while its element has pointer or focus: a list that moves cannot be clicked. */
export function useHoldStill<T>(value: T): HeldStill<T> {
  const [isHeld, setHeld] = useState(false);
  const shown = useRef(value);
  if (!isHeld) shown.current = value;
  const begin = (): void => setHeld(true);
  const end = (): void => setHeld(false);
  const hold = { onPointerEnter: begin, onPointerLeave: end, onFocusIn: begin, onFocusOut: end };
  return { shown: shown.current, isHeld, hold };
}
