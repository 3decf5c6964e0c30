import type { NodeAPI } from 'node-red'

/** A running node, as far as its wires are concerned. */
interface WiredNode {
  id: string
  type: string
  wires?: string[][]
  /** In a subflow: the id that the node has in the flow file. */
  _alias?: string
}

/** Nodes that only pass messages on, besides instances of subflows. */
const PASSING_ON: ReadonlySet<string> = new Set(['junction', 'link in', 'link out'])

/**
 * Whether wires lead to a node that takes messages: through junctions, links and subflows, and
 * only to running nodes. Looked up each time, because a deploy can change it without restarting this
 * node; only failures need it.
 * @param wires ids of nodes
 */
export function leadsToNode(RED: Pick<NodeAPI, 'nodes'>, wires: readonly string[]): boolean {
  const seen = new Set<string>()
  const pending = [...wires]
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    const node = RED.nodes.getNode(id) as unknown as WiredNode | null
    if (!node) continue // disabled, or on a disabled tab
    if (!PASSING_ON.has(node.type) && !node.type.startsWith('subflow:')) return true
    if (node.type === 'link out' && returns(RED, node)) return true
    pending.push(...(node.wires?.[0] ?? [])) // each has one output
  }
  return false
}

/** Whether a link out returns messages to the link call that sent them. */
function returns(RED: Pick<NodeAPI, 'nodes'>, { id, _alias = id }: WiredNode): boolean {
  let found = false
  RED.nodes.eachNode((config) => {
    if (config.id === _alias) found = (config as { mode?: string }).mode === 'return'
  })
  return found
}
