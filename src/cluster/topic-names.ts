/** The topics of a region's Kafka. They begin with the region whose data they hold, so a mirrored topic keeps its name. */
export interface TopicNames {
  /** What was received, one message an event; and an order. */
  readonly events: string;
  readonly orders: string;
  /** Counted events, for the other region too. */
  readonly clean: string;
  readonly quarantine: string;
  readonly verdicts: string;
  readonly adMinutes: string;
  readonly attributedOrders: string;
  /** Orders and their touches, on the way to the models that share the credit. */
  readonly decisions: string;
  /** What the order service says of orders. */
  readonly enrichments: string;
  /** Records of all regions, for what loads them in this one. */
  readonly loadAdMinutes: string;
  readonly loadAttributedOrders: string;
}

export function topicNamesOf(region: string): TopicNames {
  return {
    events: `${region}.events`,
    orders: `${region}.orders`,
    clean: `${region}.clean`,
    quarantine: `${region}.quarantine`,
    verdicts: `${region}.verdicts`,
    adMinutes: `${region}.ad-minutes`,
    attributedOrders: `${region}.attributed-orders`,
    decisions: `${region}.decisions`,
    enrichments: `${region}.enrichments`,
    loadAdMinutes: `${region}.load.ad-minutes`,
    loadAttributedOrders: `${region}.load.attributed-orders`,
  };
}
