import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { isDark } from '../store.ts';

/** A canvas knows no CSS variables: the theme's colours, looked up when a chart is made. */
export interface ChartTheme {
  readonly font: string;
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly impressions: string;
  readonly impressionsSoft: string;
  readonly clicks: string;
}

export type ChartOptions = Omit<uPlot.Options, 'width' | 'height'>;

interface ChartProps {
  /** What the chart shows, for those who do not see it. */
  readonly label: string;
  readonly heightPx: number;
  readonly data: uPlot.AlignedData;
  /** Makes the options; called again when the theme or `optionsKey` changes. */
  readonly makeOptions: (theme: ChartTheme) => ChartOptions;
  readonly optionsKey: string;
}

/** A uPlot that keeps the width of its place, follows the theme, and takes new data without being made anew. */
export function Chart({ label, heightPx, data, makeOptions, optionsKey }: ChartProps): VNode {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const dark = isDark.value;
  useLayoutEffect(() => {
    const element = place.current!;
    const size = (): { width: number; height: number } => ({ width: element.clientWidth, height: heightPx });
    const made = new uPlot({ ...makeOptions(readTheme(element)), ...size() }, data, element);
    plot.current = made;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth !== made.width) made.setSize(size());
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [dark, optionsKey, heightPx]);
  useLayoutEffect(() => {
    if (plot.current !== null && plot.current.data !== data) plot.current.setData(data);
  }, [data]);
  return html`<div
    class="chart"
    role="img"
    aria-label=${label}
    ref=${place}
    style=${{ height: `${heightPx}px` }}
  ></div>`;
}

function readTheme(element: HTMLElement): ChartTheme {
  const probe = document.createElement('span');
  element.append(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const theme = {
    font: `11px ${getComputedStyle(element).fontFamily}`,
    ink: colour('ink'),
    muted: colour('muted'),
    line: colour('line'),
    impressions: colour('impressions'),
    impressionsSoft: colour('impressions-soft'),
    clicks: colour('clicks'),
  };
  probe.remove();
  return theme;
}
