import type { Node, NodeAPI } from 'node-red'
import type { Memory } from './inbound-node'
import type { InboundDef } from './options'

/** Registers `8x8-inbound`: a webhook endpoint, outputs for inbound messages and other events. */
export default function register(RED: NodeAPI): void {
  let memory: Memory | undefined

  function Inbound(this: Node, config: InboundDef): void {
    RED.nodes.createNode(this, config)
    // Lazy: flows without this node should not load zod (ADR 10).
    const { createMemory, setUpInbound } =
      require('./inbound-node') as typeof import('./inbound-node')
    memory ??= createMemory()
    setUpInbound(RED, this, config, memory)
  }

  RED.nodes.registerType('8x8-inbound', Inbound)
}
