/** What became of an event that an inbound node got from the phone. Plain data, for the page, too. */
export interface EventOutcome {
  /**
   * `accepted`: the flow gets it; `repeat`: the node has had this umid; `ignored`: the node takes
   * other sub-accounts; `refused`: 8x8 would get a status other than 200.
   */
  outcome: 'accepted' | 'repeat' | 'ignored' | 'refused'
  /** With `refused`. */
  statusCode?: number
}
