import { html } from 'htm/preact';
import type { VNode } from 'preact';
import type { MapNode, Step } from './map-nodes.ts';
import { STEPS } from './map-nodes.ts';

/** A region on the map. */
export interface MapLane {
  readonly region: string;
  readonly isAlive: boolean;
  /** Begins the address of its views; empty for the region of this page. */
  readonly pageUrl: string;
  readonly nodes: readonly MapNode[];
}

const [WIDTH, NODE_WIDTH, NODE_HEIGHT] = [1000, 128, 56];
const LANE_HEIGHT = 216;
const LANE_GAP = 64;
const LABEL_HEIGHT = 24;

/** Where each step stands in its lane. */
const PLACES: Record<Step, readonly [x: number, y: number]> = {
  publishers: [0, 68],
  log: [164, 68],
  aggregation: [328, 20],
  touches: [410, 140],
  attribution: [492, 68],
  union: [668, 68],
  reporting: [864, 0],
  warehouse: [864, 68],
  budgets: [864, 136],
};

const ARROWS: readonly (readonly [Step, Step])[] = [
  ['publishers', 'log'],
  ['log', 'aggregation'],
  ['aggregation', 'attribution'],
  ['aggregation', 'touches'],
  ['touches', 'attribution'],
  ['attribution', 'union'],
  ['union', 'reporting'],
  ['union', 'warehouse'],
  ['union', 'budgets'],
];

/** How events and records go through each region and between them. Each step leads to its view; a table says the same. */
export function PipelineMap({ lanes, link }: { lanes: readonly MapLane[]; link: string | null }): VNode {
  const height = lanes.length * LANE_HEIGHT + (lanes.length - 1) * LANE_GAP;
  return html`<div class="map">
    <svg
      class="map-picture"
      viewBox=${`0 0 ${WIDTH} ${height}`}
      width=${WIDTH}
      height=${height}
      role="group"
      aria-labelledby="map-name"
      aria-describedby="map-about"
    >
      <title id="map-name">Map of the pipeline</title>
      <desc id="map-about">
        Events go from publishers to the log, to aggregation and touches, orders to attribution; records of
        every region are united and loaded into the stores. The table below has the same figures.
      </desc>
      <defs>
        <marker
          id="map-head"
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="7"
          markerHeight="7"
          orient="auto-start-reverse"
        >
          <path d="M0 0.5 7.5 4 0 7.5z" class="map-head" />
        </marker>
      </defs>
      ${lanes.map((lane, index) => html`<${Lane} key=${lane.region} lane=${lane} top=${index * (LANE_HEIGHT + LANE_GAP)} />`)}
      ${lanes.length > 1 && html`<${Between} link=${link} areAlive=${lanes.every(({ isAlive }) => isAlive)} />`}
    </svg>
    <${MapTable} lanes=${lanes} />
  </div>`;
}

function Lane({ lane, top }: { lane: MapLane; top: number }): VNode {
  return html`<g
    transform=${`translate(0 ${top})`}
    class="map-lane"
    data-alive=${lane.isAlive}
    role="group"
    aria-label=${`Region ${lane.region}`}
  >
    <text class="map-region" x="0" y="16">region ${lane.region}${lane.isAlive ? '' : ', silent'}</text>
    <g transform=${`translate(0 ${LABEL_HEIGHT})`}>
      ${ARROWS.map(([from, to]) => html`<path key=${`${from} ${to}`} class="map-arrow" d=${arrow(from, to)} marker-end="url(#map-head)" />`)}
      ${lane.nodes.map((node) => html`<${Node} key=${node.step} node=${node} lane=${lane} />`)}
    </g>
  </g>`;
}

function Node({ node, lane }: { node: MapNode; lane: MapLane }): VNode {
  const [x, y] = PLACES[node.step];
  const { label, rate, lag } = node;
  return html`<a class="map-node" href=${`${lane.pageUrl}${node.hash}`} transform=${`translate(${x} ${y})`}>
    <rect width=${NODE_WIDTH} height=${NODE_HEIGHT} rx="5" />
    <text x="10" y="18" class="map-label">${label}</text>${' '} <text x="10" y="33">${rate}</text>${' '}
    <text x="10" y="47">${lag}</text>
  </a>`;
}

/** The logs follow each other; the records of both go to the stores of both. */
function Between({ link, areAlive }: { link: string | null; areAlive: boolean }): VNode {
  const [logX] = PLACES.log;
  const [unionX, unionY] = PLACES.union;
  const upper = LABEL_HEIGHT + unionY + NODE_HEIGHT;
  const lower = LANE_HEIGHT + LANE_GAP + LABEL_HEIGHT + PLACES.union[1];
  const x = logX + NODE_WIDTH / 2;
  const [left, right] = [unionX + 40, unionX + NODE_WIDTH - 40];
  return html`<g class="map-between" data-alive=${areAlive}>
    <path
      class="map-arrow"
      d=${`M${x} ${upper + 4}V${lower - 4}`}
      marker-start="url(#map-head)"
      marker-end="url(#map-head)"
    />
    <text x=${x + 12} y=${(upper + lower) / 2 - 2} class="map-label">events of each other</text>
    <text x=${x + 12} y=${(upper + lower) / 2 + 14}>${link ?? ''}</text>
    <path class="map-arrow" d=${`M${left} ${upper + 4}V${lower - 4}`} marker-end="url(#map-head)" />
    <path class="map-arrow" d=${`M${right} ${lower - 4}V${upper + 4}`} marker-end="url(#map-head)" />
    <text x=${right + 14} y=${(upper + lower) / 2 + 6} class="map-label">records</text>
  </g>`;
}

function arrow(from: Step, to: Step): string {
  const [x1, y1] = PLACES[from];
  const [x2, y2] = PLACES[to];
  // To and from the touches, which stand lower, lines leave below and come in from there.
  if (to === 'touches')
    return `M${x1 + NODE_WIDTH / 2} ${y1 + NODE_HEIGHT}V${y2 + NODE_HEIGHT / 2}H${x2 - 4}`;
  if (from === 'touches')
    return `M${x1 + NODE_WIDTH} ${y1 + NODE_HEIGHT / 2}H${x2 + NODE_WIDTH / 2}V${y2 + NODE_HEIGHT + 4}`;
  const [startX, startY, endX, endY] = [x1 + NODE_WIDTH, y1 + NODE_HEIGHT / 2, x2 - 4, y2 + NODE_HEIGHT / 2];
  const middle = (startX + endX) / 2;
  return `M${startX} ${startY}C${middle} ${startY} ${middle} ${endY} ${endX} ${endY}`;
}

/** For those who do not see the map, and for narrow screens, where it would be too small to read. */
function MapTable({ lanes }: { lanes: readonly MapLane[] }): VNode {
  return html`<table class="map-table">
    <caption class="sr-only">
      The pipeline, step by step
    </caption>
    <thead>
      <tr>
        <th scope="col">Step</th>
        ${lanes.map(({ region, isAlive }) => html`<th key=${region} scope="col">Region ${region}${isAlive ? '' : ', silent'}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${STEPS.map(
        ([step, label], index) =>
          html`<tr key=${step}>
            <th scope="row">${label}</th>
            ${lanes.map(({ region, nodes }) => {
              const { rate, lag } = nodes[index];
              return html`<td key=${region}>${[rate, lag].filter((text) => text !== '').join(', ')}</td>`;
            })}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
