import type { NodeStatus } from 'node-red'
import type { Typing } from './result'

/** What the node shows; `notTyping` and `otherAccount` for a stop that ended nothing. */
export type State = Typing['state'] | 'sending' | 'notTyping' | 'otherAccount'

/** How each state looks. A ring says that there is something to fix. */
const LOOKS: Record<State, { fill: 'blue' | 'green' | 'grey'; shape: 'dot' | 'ring' }> = {
  sending: { fill: 'blue', shape: 'dot' },
  sent: { fill: 'green', shape: 'dot' },
  active: { fill: 'green', shape: 'dot' },
  stopped: { fill: 'green', shape: 'dot' },
  skipped: { fill: 'grey', shape: 'dot' },
  notTyping: { fill: 'grey', shape: 'dot' },
  otherAccount: { fill: 'grey', shape: 'ring' },
}

/** How the node shows its states: while it types to customers, above all how many they are. */
export class IndicatorStatus {
  /** Customers who see this node type. */
  active = 0
  readonly #activeText: (customers: number) => string

  /** @param activeText says in the language of the runtime how many customers see it type */
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
