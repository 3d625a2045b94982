import { writeFileSync } from 'node:fs';
import { ReduceDataOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type DataSourceRef,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as NumberPanelBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as LinePanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { ROWS, type PanelPlan } from './panels.ts';

/** The Prometheus that is chosen above the dashboard. */
const SOURCE: DataSourceRef = { type: 'prometheus', uid: '$datasource' };
const HEIGHT = 8;
/** Grafana is 24 wide. */
const WIDTH = 24;

/** The dashboard of gateways and cluster, as Grafana imports it. */
export function dashboardJson(): string {
  const dashboard = new DashboardBuilder('adtally cluster')
    .uid('adtally-cluster')
    .description('Gateways, jobs, lags and alarms of an adtally cluster.')
    .tags(['adtally'])
    .refresh('30s')
    .time({ from: 'now-3h', to: 'now' })
    .timezone('browser')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'));
  for (const { title, panels } of ROWS) {
    dashboard.withRow(new RowBuilder(title));
    for (const panel of panels) dashboard.withPanel(panelBuilder(panel, WIDTH / panels.length));
  }
  return `${JSON.stringify(dashboard.build(), undefined, 2)}\n`;
}

function panelBuilder(plan: PanelPlan, span: number): LinePanelBuilder | NumberPanelBuilder {
  const builder = plan.shape === 'number' ? numberBuilder() : new LinePanelBuilder();
  builder
    .title(plan.title)
    .description(plan.about)
    .unit(plan.unit)
    .datasource(SOURCE)
    .height(HEIGHT)
    .span(span);
  for (const { expr, legend } of plan.queries)
    builder.withTarget(new DataqueryBuilder().expr(expr).legendFormat(legend));
  if (plan.alarmFrom !== undefined) {
    const steps = [
      { value: null, color: 'green' },
      { value: plan.alarmFrom, color: 'red' },
    ];
    builder.thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps));
  }
  return builder;
}

/** The number of now, not of the whole time shown. */
function numberBuilder(): NumberPanelBuilder {
  return new NumberPanelBuilder().reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
}

if (import.meta.main) writeFileSync(new URL('adtally.json', import.meta.url), dashboardJson());
