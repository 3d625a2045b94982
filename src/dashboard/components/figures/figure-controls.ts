import { html } from 'htm/preact';
import type { VNode } from 'preact';
import {
  DAY_RANGES,
  type FiguresChoice,
  figuresHref,
  usualGranularity,
} from '../../address/figures-choice.ts';
import { type FigureSpan } from '../../series/figure-slots.ts';
import { addDays } from '../../series/zone-days.ts';

interface ControlsProps {
  readonly choice: FiguresChoice;
  readonly span: FigureSpan;
  readonly currencies: readonly string[];
  readonly currency: string;
}

/** Which days, by hour or by day, in which currency. Each choice is a link: it stands in the address. */
export function FigureControls({ choice, span, currencies, currency }: ControlsProps): VNode {
  return html`<div class="figure-controls">
    <${Switch}
      label="Period"
      options=${DAY_RANGES.map((days) => ({
        text: days === 1 ? '1 day' : `${days} days`,
        href: figuresHref({ ...choice, days, granularity: usualGranularity(days) }),
        isCurrent: days === choice.days,
      }))}
    />
    <${DayPicker} choice=${choice} span=${span} />
    <${Switch}
      label="Steps"
      options=${(['hour', 'day'] as const).map((granularity) => ({
        text: `By ${granularity}`,
        href: figuresHref({ ...choice, granularity }),
        isCurrent: granularity === choice.granularity,
      }))}
    />
    ${
      currencies.length > 1 &&
      html`<${Switch}
        label="Currency"
        options=${currencies.map((each) => ({
          text: each,
          href: figuresHref({ ...choice, currency: each }),
          isCurrent: each === currency,
        }))}
      />`
    }
  </div>`;
}

interface Option {
  readonly text: string;
  readonly href: string;
  readonly isCurrent: boolean;
}

function Switch({ label, options }: { label: string; options: readonly Option[] }): VNode {
  return html`<nav class="segments" aria-label=${label}>
    ${options.map(
      ({ text, href, isCurrent }) =>
        html`<a key=${text} href=${href} aria-current=${isCurrent ? 'true' : undefined}>${text}</a>`,
    )}
  </nav>`;
}

/** The last day of the period, and the ones before and after. */
function DayPicker({ choice, span }: { choice: FiguresChoice; span: FigureSpan }): VNode {
  const { lastDay, today } = span;
  const hrefOf = (day: string): string => figuresHref({ ...choice, lastDay: day >= today ? null : day });
  const choose = ({ currentTarget }: Event): void => {
    const { value } = currentTarget as HTMLInputElement;
    if (value !== '') window.location.hash = hrefOf(value);
  };
  const next = addDays(lastDay, choice.days);
  return html`<div class="day-picker">
    <a class="day-step" href=${hrefOf(addDays(lastDay, -choice.days))} aria-label="Earlier">‹</a>
    <input
      type="date"
      aria-label=${choice.days === 1 ? 'Day' : 'Last day'}
      value=${lastDay}
      max=${today}
      onChange=${choose}
    />
    ${
      lastDay === today
        ? html`<span class="day-step" aria-hidden="true">›</span>`
        : html`<a class="day-step" href=${hrefOf(next)} aria-label="Later">›</a>`
    }
  </div>`;
}
