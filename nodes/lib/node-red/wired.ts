import type { NodeAPI } from 'node-red'

/** A running node, as far as its wires are concerned. */
interface WiredNode {
  id: string
  type: string
  wires?: string[][]
  /** In a subflow: the id that the node has in the flow file. */
  _alias?: string
}

/** What hands a message on and does nothing else, besides instances of subflows. */
const PASSING_ON: ReadonlySet<string> = new Set(['junction', 'link in', 'link out'])

/**
 * Whether wires lead to a node that takes messages: through junctions, links and subflows, and
 * only to nodes that run. Looked up anew each time, because a deploy can change it without a word
 * to us; only failures ask.
 * @param wires ids of nodes
 */
export function leadsToNode(RED: Pick<NodeAPI, 'nodes'>, wires: readonly string[]): boolean {
  const seen = new Set<string>()
  const ahead = [...wires]
  for (let id = ahead.pop(); id !== undefined; id = ahead.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    const node = RED.nodes.getNode(id) as unknown as WiredNode | null
    if (!node) continue // disabled, or on a tab that is
    if (!PASSING_ON.has(node.type) && !node.type.startsWith('subflow:')) return true
    if (node.type === 'link out' && returns(RED, node)) return true
    ahead.push(...(node.wires?.[0] ?? [])) // each hands on at one port
  }
  return false
}

/** Whether a link out hands messages back to the link call that they came from. */
function returns(RED: Pick<NodeAPI, 'nodes'>, { id, _alias = id }: WiredNode): boolean {
  let found = false
  RED.nodes.eachNode((config) => {
    if (config.id === _alias) found = (config as { mode?: string }).mode === 'return'
  })
  return found
}
