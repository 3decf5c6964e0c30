import type { Node, NodeAPI } from 'node-red'
import type { TypingIndicatorDef } from './options'

/** Registers `8x8-typing-indicator`: one input, outputs for success and error. */
export default function register(RED: NodeAPI): void {
  function TypingIndicator(this: Node, config: TypingIndicatorDef): void {
    RED.nodes.createNode(this, config)
    // Lazy: flows without this node should not load undici and zod (ADR 10).
    const { setUpIndicator } = require('./indicator-node') as typeof import('./indicator-node')
    setUpIndicator(RED, this, config)
  }

  RED.nodes.registerType('8x8-typing-indicator', TypingIndicator)
}
