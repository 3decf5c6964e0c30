import type { BrowserContext } from 'playwright-core'
import { launchChromium } from '../../scripts/chromium'
import { type NodeRed, runFlows } from '../../scripts/node-red'

/** A real Node-RED with this package, and a browser. */
export interface Fixture {
  nodeRed: NodeRed
  context: BrowserContext
  /** What was written to the consoles of the pages as an error. */
  errors: string[]
  close(): Promise<void>
}

/**
 * Starts both. The caller closes it.
 * @param flows what Node-RED loads
 * @param env more of its environment
 * @param settings more of its settings
 */
export async function startFixture(
  flows: object[] = [],
  env: Record<string, string> = {},
  settings: object = {},
): Promise<Fixture> {
  const browser = await launchChromium()
  const deployable = { flows: flows as never, credentials: {} }
  const nodeRed = await runFlows(deployable, 21_890, { env, settings }).catch(async (error) => {
    await browser.close()
    throw error
  })
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  context.setDefaultTimeout(15_000)
  const errors: string[] = []
  context.on('console', (message) => {
    if (message.type() === 'error') errors.push(`${message.location().url}: ${message.text()}`)
  })
  context.on('weberror', (error) => errors.push(`${error.error()}`))
  return {
    nodeRed,
    context,
    errors,
    async close() {
      await browser.close()
      await nodeRed.stop()
    },
  }
}
