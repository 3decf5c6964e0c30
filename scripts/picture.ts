/**
 * `npm run picture`: takes docs/images/flow.png from a real run of example 2 in a real editor.
 * Needs Debian's chromium.
 */
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { ROOT, SUB_ACCOUNT, withDemo } from './demo'
import { INBOUND_PATH } from './example'

/** What a headless Chromium of Debian needs in a container, and what keeps it off the network. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

void withDemo(21_880, async ({ sandbox, nodeRed }) => {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGS })
  try {
    const page = await browser.newPage({
      viewport: { width: 1280, height: 800 },
      deviceScaleFactor: 2,
    })
    await page.goto(nodeRed.url)
    await page.locator('.red-ui-flow-node').first().waitFor()
    await page.keyboard.press('Control+Space') // hides the sidebar
    const { umid } = sandbox.receive({ subAccountId: SUB_ACCOUNT })
    await sandbox.deliver(umid, { url: nodeRed.url + INBOUND_PATH })
    await page.getByText('sent', { exact: true }).waitFor()
    await page.mouse.move(700, 600) // away from anything that reacts
    const { x, y } = (await page.locator('#red-ui-workspace-chart').boundingBox()) ?? { x: 0, y: 0 }
    const clip = { x, y, width: 900, height: 330 }
    await page.screenshot({ path: join(ROOT, 'docs', 'images', 'flow.png'), clip })
  } finally {
    await browser.close()
  }
})
