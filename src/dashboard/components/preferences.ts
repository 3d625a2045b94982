import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { type Theme, browserTimeZone, chooseTheme, chooseTimeZone, theme, timeZone } from '../store.ts';

const THEMES: readonly (readonly [Theme, string])[] = [
  ['auto', 'Auto'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

/** Some browsers list UTC among the zones, some do not. */
const ZONES = Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC');

export function Preferences(): VNode {
  return html`
    <div class="preferences">
      <${TimeZoneSwitch} />
      <${ThemeSwitch} />
    </div>
  `;
}

function TimeZoneSwitch(): VNode {
  const nearby = [...new Set([browserTimeZone, 'UTC', timeZone.value])];
  return html`
    <select class="zone" aria-label="Time zone" value=${timeZone.value} onChange=${chooseFrom}>
      ${nearby.map((zone) => html`<option key=${zone} value=${zone}>${zoneLabel(zone)}</option>`)}
      <optgroup label="All time zones">
        ${ZONES.filter((zone) => !nearby.includes(zone)).map(
          (zone) => html`<option key=${zone} value=${zone}>${zoneLabel(zone)}</option>`,
        )}
      </optgroup>
    </select>
  `;
}

function ThemeSwitch(): VNode {
  return html`
    <fieldset class="segments">
      <legend class="sr-only">Theme</legend>
      ${THEMES.map(
        ([value, label]) =>
          html`<label key=${value}>
            <input
              type="radio"
              name="theme"
              value=${value}
              checked=${theme.value === value}
              onChange=${() => chooseTheme(value)}
            />
            <span>${label}</span>
          </label>`,
      )}
    </fieldset>
  `;
}

function chooseFrom({ currentTarget }: Event): void {
  chooseTimeZone((currentTarget as HTMLSelectElement).value);
}

function zoneLabel(zone: string): string {
  return zone.replaceAll('_', ' ');
}
