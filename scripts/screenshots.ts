/**
 * `npm run picture`: takes the README's pictures, docs/images/flow.png and phone.png, from a real run
 * of example 1 in a real editor. Needs Debian's chromium.
 */
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { launchChromium } from './chromium'
import { withQuickStart } from './demo'
import { ROOT } from './node-red'

/** CSS pixels of the flow, and the height of the phone beside it. */
const WIDTH = 820
const FLOW_HEIGHT = 270
const PHONE_HEIGHT = 420

const pathOf = (name: string) => join(ROOT, 'docs', 'images', name)

void main()

/** The flow and the phone at the same moment of the same run, while the customer sees the dots. */
async function main(): Promise<void> {
  const browser = await launchChromium()
  try {
    await withQuickStart(21_880, async ({ nodeRed, phoneUrl }) => {
      const editor = await openEditor(browser, nodeRed.url)
      const phone = await openPage(browser, phoneUrl, 640)
      await phone.locator('#text').fill('Hello, where is my order?')
      await phone.keyboard.press('Enter')
      await phone.locator('#dots').waitFor()
      await editor.getByText('typing (1)').waitFor()
      await shootWorkspace(editor, FLOW_HEIGHT, pathOf('flow.png'))
      const parts = [
        await shootWorkspace(editor, PHONE_HEIGHT),
        await phone.locator('.phone').screenshot(),
      ]
      const images = parts.map(
        (part) =>
          `<img height="${PHONE_HEIGHT}" src="data:image/png;base64,${part.toString('base64')}">`,
      )
      const sheet = await openPage(browser, 'about:blank')
      await sheet.setContent(
        `<div style="display: inline-flex; gap: 16px">${images.join('')}</div>`,
      )
      await sheet.locator('div').screenshot({ path: pathOf('phone.png') })
    })
  } finally {
    await browser.close()
  }
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

async function shootWorkspace(editor: Page, height: number, path?: string) {
  await editor.mouse.move(700, 700) // away from anything that reacts
  const { x, y } = (await editor.locator('#red-ui-workspace-chart').boundingBox()) ?? { x: 0, y: 0 }
  return editor.screenshot({ clip: { x, y, width: WIDTH, height }, ...(path && { path }) })
}
