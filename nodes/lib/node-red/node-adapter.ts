import type { Node, NodeAPI, NodeStatus } from 'node-red'
import { leadsToNode } from './wired'

/** A message of a flow. */
export type Message = Record<string, unknown>

type Send = (outputs: [success: Message | null, error: Message | null]) => void

/** A message that arrived, with Node-RED's callbacks for its outcome. */
export interface InputEvent {
  msg: Message
  send: Send
  done(error?: Error): void
}

/** A node with outputs for success and error: all that our code needs of Node-RED. */
export interface NodeAdapter {
  readonly id: string
  readonly type: string
  readonly name?: string
  status(status: NodeStatus): void
  /** Sends a message outside of an input event. */
  send: Send
  /** Reports an error outside of an input event; with a message, Catch nodes get it. */
  report(error: Error, msg?: Message): void
  /** Writes to the log and the sidebar. */
  warn(text: string): void
  /** Whether output 1 is wired. */
  isWired(): boolean
  /**
   * Whether a node receives messages from output 2.
   * @param closing other nodes may be gone already, so a wire is enough
   */
  handlesErrors(closing: boolean): boolean
}

export function createNodeAdapter(RED: NodeAPI, node: Node): NodeAdapter {
  const { id, type, name } = node
  return {
    id,
    type,
    ...(name && { name }),
    status: (status) => node.status(status),
    send: (outputs) => node.send(outputs),
    report: (error, msg) => node.error(error, msg),
    warn: (text) => node.warn(text),
    isWired: () => wiresOf(node, 0).length > 0,
    handlesErrors(closing) {
      const wires = wiresOf(node, 1)
      return closing ? wires.length > 0 : leadsToNode(RED, wires)
    },
  }
}

/** The ids of the nodes behind an output; a deploy may change them without restarting the node. */
function wiresOf(node: Node, output: number): string[] {
  return (node as Node & { wires: string[][] }).wires[output] ?? []
}
