import type { NodeStatus } from 'node-red'
import type { Typing } from './result'

/** States that the node shows; `notTyping` and `otherAccount` for a stop that found nothing. */
export type State = Typing['state'] | 'sending' | 'notTyping' | 'otherAccount'

/** The status of each state. A ring means that there is something to fix. */
const LOOKS: Record<State, { fill: 'blue' | 'green' | 'grey'; shape: 'dot' | 'ring' }> = {
  sending: { fill: 'blue', shape: 'dot' },
  sent: { fill: 'green', shape: 'dot' },
  active: { fill: 'green', shape: 'dot' },
  stopped: { fill: 'green', shape: 'dot' },
  skipped: { fill: 'grey', shape: 'dot' },
  notTyping: { fill: 'grey', shape: 'dot' },
  otherAccount: { fill: 'grey', shape: 'ring' },
}

/** Chooses the node's status: while it types, the number of customers. */
export class IndicatorStatus {
  /** Customers who see this node type. */
  active = 0
  readonly #activeText: (customers: number) => string

  /** @param activeText the number of customers as text, in the language of the runtime */
  constructor(activeText: (customers: number) => string) {
    this.#activeText = activeText
  }

  toStatus(state: State): NodeStatus {
    const { fill, shape } = LOOKS[state]
    return this.active > 0 && fill !== 'grey'
      ? { fill: 'blue', shape: 'dot', text: this.#activeText(this.active) }
      : { fill, shape, text: `status.${state}` }
  }
}
