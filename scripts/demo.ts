import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { Sandbox } from '../nodes/sandbox/server'
import { replyExample } from './example'
import {
  findPort,
  linkPackage,
  makeUserDir,
  type NodeRed,
  removeUserDir,
  startNodeRed,
  writeFlows,
} from './node-red'

/** The working tree. */
export const ROOT = join(__dirname, '..')

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
  const userDir = await makeUserDir()
  try {
    const apiKey = randomUUID()
    sandbox.addSubAccount(SUB_ACCOUNT, apiKey)
    await linkPackage(userDir, ROOT)
    await writeFlows(userDir, await replyExample(sandbox, SUB_ACCOUNT, apiKey))
    const nodeRed = await startNodeRed(userDir, await findPort(port))
    try {
      await use({ sandbox, nodeRed })
    } finally {
      await nodeRed.stop()
    }
  } finally {
    await sandbox.close()
    await removeUserDir(userDir)
  }
}
