import type { Node, NodeAPI } from 'node-red'
import type { ReplyDef } from './options'

/** Registers `8x8-reply`: one input, outputs for success and error. */
export default function register(RED: NodeAPI): void {
  function Reply(this: Node, config: ReplyDef): void {
    RED.nodes.createNode(this, config)
    // Lazy: flows without this node should not load undici and zod (ADR 10).
    const { setUpReply } = require('./reply-node') as typeof import('./reply-node')
    setUpReply(RED, this, config)
  }

  RED.nodes.registerType('8x8-reply', Reply)
}
