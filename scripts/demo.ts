import { PHONES_PATH } from '../nodes/lib/rules'
import { type Deployable, readExample } from './example'
import { type NodeRed, runFlows } from './node-red'

/** The name of example 1. */
export const QUICK_START = '1 Quick start'

/** Where the phone of the account of a flow is. @param url of Node-RED */
export function phoneUrlOf({ flows }: Deployable, url: string): string {
  const account = flows.find(({ type }) => type === '8x8-account')
  return `${url}${PHONES_PATH}/${account?.id}/`
}

/**
 * Runs example 1, as it is, in a real Node-RED with this package, and clears all away. The sandbox
 * is the one in that Node-RED.
 * @param port the first to try
 * @param use what to do with it; `phoneUrl` is where the page of the phone is
 */
export async function withQuickStart(
  port: number,
  use: (demo: { nodeRed: NodeRed; phoneUrl: string }) => Promise<void>,
): Promise<void> {
  const deployable = { flows: await readExample(QUICK_START), credentials: {} }
  const nodeRed = await runFlows(deployable, port)
  try {
    await use({ nodeRed, phoneUrl: phoneUrlOf(deployable, nodeRed.url) })
  } finally {
    await nodeRed.stop()
  }
}
