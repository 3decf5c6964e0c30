import { randomUUID } from 'node:crypto'
import { Sandbox } from '../nodes/lib/sandbox/server'
import { PHONES_PATH } from '../nodes/sandbox/phone/router'
import { readExample, replyExample } from './example'
import { type NodeRed, runFlows } from './node-red'

/** The sub-account of the demo. */
export const SUB_ACCOUNT = 'demo_sub'

/**
 * Runs example 2 in a real Node-RED with this package, against a sandbox, and clears all away.
 * @param port the first to try
 * @param use what to do with it
 */
export async function withDemo(
  port: number,
  use: (demo: { sandbox: Sandbox; nodeRed: NodeRed }) => Promise<void>,
): Promise<void> {
  const sandbox = await Sandbox.start()
  try {
    const apiKey = randomUUID()
    sandbox.addSubAccount(SUB_ACCOUNT, apiKey)
    const nodeRed = await runFlows(await replyExample(sandbox, SUB_ACCOUNT, apiKey), port)
    try {
      await use({ sandbox, nodeRed })
    } finally {
      await nodeRed.stop()
    }
  } finally {
    await sandbox.close()
  }
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
  const flows = await readExample('1 Quick start in the sandbox')
  const id = flows.find(({ type }) => type === '8x8-sandbox')?.id
  const nodeRed = await runFlows({ flows, credentials: {} }, port)
  try {
    await use({ nodeRed, phoneUrl: `${nodeRed.url}${PHONES_PATH}/${id}/` })
  } finally {
    await nodeRed.stop()
  }
}
