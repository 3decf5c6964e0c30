/**
 * `npm run picture`: takes the README's pictures, docs/images/flow.png and phone.png, from real
 * runs of examples 2 and 1 in a real editor. Needs Debian's chromium.
 */
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { launchChromium } from './chromium'
import { SUB_ACCOUNT, withDemo, withQuickStart } from './demo'
import { INBOUND_PATH, WEBHOOK_AUTHORIZATION } from './example'
import { ROOT } from './node-red'
import { postWebhook } from './webhooks'

const pathOf = (name: string) => join(ROOT, 'docs', 'images', name)

void main()

async function main(): Promise<void> {
  const browser = await launchChromium()
  try {
    await takeFlow(browser)
    await takePhone(browser)
  } finally {
    await browser.close()
  }
}

async function takeFlow(browser: Browser): Promise<void> {
  await withDemo(21_880, async ({ sandbox, nodeRed }) => {
    const editor = await openEditor(browser, nodeRed.url)
    const { umid } = sandbox.receive({ subAccountId: SUB_ACCOUNT })
    const url = nodeRed.url + INBOUND_PATH
    await postWebhook(url, sandbox.webhook(umid), WEBHOOK_AUTHORIZATION)
    await editor.getByText('typing (1)').waitFor()
    await shootWorkspace(editor, 1090, 420, pathOf('flow.png'))
  })
}

/** The phone with the dots next to the flow, at the same moment of the same run. */
async function takePhone(browser: Browser): Promise<void> {
  await withQuickStart(21_880, async ({ nodeRed, phoneUrl }) => {
    const editor = await openEditor(browser, nodeRed.url)
    const phone = await openPage(browser, phoneUrl, 560)
    await phone.locator('#text').fill('Hello, where is my order?')
    await phone.keyboard.press('Enter')
    await phone.locator('#dots').waitFor()
    await editor.getByText('typing (1)').waitFor()
    const parts = [
      await shootWorkspace(editor, 720, 512),
      await phone.locator('.phone').screenshot(),
    ]
    const images = parts.map(
      (part) => `<img height="512" src="data:image/png;base64,${part.toString('base64')}">`,
    )
    const sheet = await openPage(browser, 'about:blank')
    await sheet.setContent(`<div style="display: inline-flex; gap: 16px">${images.join('')}</div>`)
    await sheet.locator('div').screenshot({ path: pathOf('phone.png') })
  })
}

async function openPage(browser: Browser, url: string, height = 800): Promise<Page> {
  const page = await browser.newPage({
    viewport: { width: 1280, height },
    deviceScaleFactor: 2,
  })
  await page.goto(url)
  return page
}

async function openEditor(browser: Browser, url: string): Promise<Page> {
  const editor = await openPage(browser, url)
  await editor.locator('.red-ui-flow-node').first().waitFor()
  await editor.keyboard.press('Control+Space') // hides the sidebar
  return editor
}

async function shootWorkspace(editor: Page, width: number, height: number, path?: string) {
  await editor.mouse.move(700, 700) // away from anything that reacts
  const { x, y } = (await editor.locator('#red-ui-workspace-chart').boundingBox()) ?? { x: 0, y: 0 }
  return editor.screenshot({ clip: { x, y, width, height }, ...(path && { path }) })
}
