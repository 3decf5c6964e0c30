import type { Node, NodeAPI, NodeDef } from 'node-red'
import type { TypingIndicatorOptions } from './options'

/** A typing indicator as a flow stores it. */
export type TypingIndicatorDef = NodeDef & Partial<TypingIndicatorOptions>

/** Registers `8x8-typing-indicator`: one input, outputs for success and error. */
export default function register(RED: NodeAPI): void {
  function TypingIndicator(this: Node, config: TypingIndicatorDef): void {
    RED.nodes.createNode(this, config)
    // Only now, so that without a node nobody pays for undici and zod. docs/adr/0010.
    const { setUpIndicator } = require('./indicator-node') as typeof import('./indicator-node')
    setUpIndicator(RED, this, config)
  }

  RED.nodes.registerType('8x8-typing-indicator', TypingIndicator)
}
