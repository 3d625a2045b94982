import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { DemoRegion } from '../../answers/region-answers.ts';
import { explainFailure } from '../../polling.ts';
import { connection } from '../../store.ts';
import { changeRegion } from './demo.ts';
import { LEAVE_AFTER_MS } from './failover.ts';

/** Kills and restarts a region of the demo. */
export function RegionSwitch({ supervised, isHere }: { supervised: DemoRegion; isHere: boolean }): VNode {
  const { region, state } = supervised;
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, tell] = useState<string | null>(null);
  const change = (verb: 'kill' | 'restart'): void => {
    tell(null);
    changeRegion(verb, region, isHere).catch((error: unknown) => tell(explainFailure(error)));
  };
  // Both are asked of the region of this page.
  const isHeard = connection.value === 'live';
  const isDown = isHeard && (state === 'killed' || state === 'down');
  return html`<div class="region-switch">
    <button
      class="button danger"
      type="button"
      disabled=${!isHeard || state !== 'up'}
      onClick=${() => dialog.current?.showModal()}
    >
      Kill region ${region}
    </button>
    <button class="button" type="button" disabled=${!isDown} onClick=${() => change('restart')}>
      Restart<span class="sr-only"> region ${region}</span>
    </button>
    <${Confirmation} dialog=${dialog} region=${region} isHere=${isHere} onConfirm=${() => change('kill')} />
    ${problem !== null && html`<p class="problem" role="alert">${problem}</p>`}
  </div>`;
}

interface ConfirmationProps {
  readonly dialog: { current: HTMLDialogElement | null };
  readonly region: string;
  readonly isHere: boolean;
  readonly onConfirm: () => void;
}

/** A dialog of the browser's own: it holds the focus, Escape closes it, and the focus goes back to the button. */
function Confirmation({ dialog, region, isHere, onConfirm }: ConfirmationProps): VNode {
  const title = `kill-${region}`;
  const close = (): void => dialog.current?.close();
  const confirm = (): void => {
    close();
    onConfirm();
  };
  return html`<dialog
    class="confirm"
    ref=${dialog}
    aria-labelledby=${title}
    aria-describedby=${`${title}-about`}
  >
    <h2 id=${title}>Kill region ${region}?</h2>
    <div id=${`${title}-about`}>
      <p>Its process ends at once, as in a power cut. What it has acknowledged is on its disk.</p>
      <p>
        Clients go to the other region, where the figures go on. Region ${region} stays down until you restart
        it, or for two minutes; then it takes in what it missed, and both are equal again.
      </p>
      ${isHere && html`<p>It serves this page, which goes on at the other region after ${LEAVE_AFTER_MS / 1000} seconds.</p>`}
    </div>
    <p class="confirm-choice">
      <button class="button" type="button" autofocus onClick=${close}>Cancel</button>
      <button class="button danger" type="button" onClick=${confirm}>Kill region ${region}</button>
    </p>
  </dialog>`;
}
