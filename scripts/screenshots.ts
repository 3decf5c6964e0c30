/**
 * `npm run screenshots`: takes the pictures in docs/images from real runs: the flow and the phone of
 * example 1 at work, and the dialogs of its nodes. Those of a dark editor need a Node-RED that has
 * one: 5 or later, see NODE_RED_DIR in CONTRIBUTING.md. Needs Debian's chromium.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import type { PhoneMessage } from '../nodes/account/phone/state'
import { Editor, openSections } from '../test/browser/editor'
import { launchChromium } from './chromium'
import { QUICK_START, withQuickStart } from './demo'
import { readExample } from './example'
import { ROOT, runFlows } from './node-red'

/** CSS pixels of the flow, and of the phone beside it. */
const WIDTH = 820
const FLOW_HEIGHT = 270
const PHONE_HEIGHT = 440

/** CSS pixels of the page of the phone. */
const PAGE = { width: 900, height: 700 }

/** The flow's reply on the phone. With its type, because no test runs this script. */
const REPLY = `.message.${'business' satisfies PhoneMessage['from']}`

/** Where the editor of the dialogs seems to be: 8x8 demands HTTPS, and so warns of anything else. */
const PUBLIC_URL = 'https://flows.example.com'

const SCHEMES = ['light', 'dark'] as const
type Scheme = (typeof SCHEMES)[number]

const IMAGES = join(ROOT, 'docs', 'images')

void main()

async function main(): Promise<void> {
  const browser = await launchChromium()
  try {
    await shootConversation(browser)
    await shootDialogs(browser)
  } finally {
    await browser.close()
  }
}

/**
 * The flow and the phone at the same moment of the same run, while the customer sees the dots, and
 * the page of the phone after the reply.
 */
function shootConversation(browser: Browser): Promise<void> {
  return withQuickStart(21_880, async ({ nodeRed, phoneUrl }) => {
    const editor = await openEditor(await openContext(browser), nodeRed.url)
    const phone = await openPage(await openContext(browser), phoneUrl, PAGE)
    await phone.locator('#text').fill('Hello, where is my order?')
    await phone.keyboard.press('Enter')
    await phone.locator('#dots').waitFor()
    await editor.getByText('typing (1)').waitFor()
    await shootWorkspace(editor, FLOW_HEIGHT, join(IMAGES, 'flow.png'))
    const parts = [
      await shootWorkspace(editor, PHONE_HEIGHT),
      await phone.locator('.phone').screenshot(),
    ]
    await shootSideBySide(browser, parts, join(IMAGES, 'phone.png'))
    await phone.locator('#dots').waitFor({ state: 'hidden' })
    for (const scheme of SCHEMES) {
      const page = await openPage(await openContext(browser, scheme), phoneUrl, PAGE)
      await page.locator(REPLY).waitFor()
      await saveWebp(browser, 'sandbox', scheme, await page.screenshot())
    }
  })
}

async function shootSideBySide(browser: Browser, parts: Buffer[], path: string): Promise<void> {
  const images = parts.map((part) => `<img height="${PHONE_HEIGHT}" src="${toDataUrl(part)}">`)
  // So wide that documents show it smaller than it is.
  const context = await openContext(browser, 'light', 1.5)
  const sheet = await openPage(context, 'about:blank', { width: 1280, height: 800 })
  await sheet.setContent(`<div style="display: inline-flex; gap: 16px">${images.join('')}</div>`)
  await sheet.locator('div').screenshot({ path })
}

/** The dialogs of example 1 with an account that is not the sandbox, with all sections open. */
async function shootDialogs(browser: Browser): Promise<void> {
  const flows = await readExample(QUICK_START)
  const account = flows.find(({ type }) => type === '8x8-account')
  Object.assign(account ?? {}, { region: 'asia-pacific', subAccountId: 'my_subaccount' })
  const credentials = { [`${account?.id}`]: { apiKey: 'key', webhookAuthorization: 'value' } }
  const nodeRed = await runFlows({ flows, credentials }, 21_880)
  try {
    for (const scheme of SCHEMES) {
      const context = await openContext(browser, scheme)
      await context.addInitScript(
        (theme) => globalThis.localStorage?.setItem('view-dark-theme', theme),
        scheme,
      )
      await publish(context, nodeRed.url)
      const editor = await Editor.open(context, PUBLIC_URL)
      // As high as the longest dialog, so that none scrolls.
      await editor.page.setViewportSize({ width: 1280, height: 1200 })
      if (scheme === 'dark' && (await editor.page.locator('html.nr-theme-dark').count()) === 0) {
        console.log('This Node-RED has no dark theme: the dark dialogs are as they were.')
        return
      }
      for (const name of ['inbound', 'typing-indicator', 'reply']) {
        const node = flows.find(({ type }) => type === `8x8-${name}`)
        const dialog = await editor.edit(`${node?.id}`)
        await saveWebp(browser, name, scheme, await shootDialog(dialog))
        await editor.close('node-dialog-cancel')
      }
      const dialog = await editor.editConfig('8x8-account', `${account?.id}`)
      await saveWebp(browser, 'account', scheme, await shootDialog(dialog))
    }
  } finally {
    await nodeRed.stop()
  }
}

/** Serves an editor at {@link PUBLIC_URL}, but for its WebSocket, which the dialogs do not need. */
async function publish(context: BrowserContext, url: string): Promise<void> {
  await context.route(`${PUBLIC_URL}/**`, async (route) => {
    const response = await route.fetch({ url: route.request().url().replace(PUBLIC_URL, url) })
    await route.fulfill({ response })
  })
  await context.routeWebSocket(/\/comms$/, () => {})
}

/** A dialog from its title to its last field. */
async function shootDialog(tray: Locator): Promise<Buffer> {
  await openSections(tray)
  await tray.page().mouse.move(0, 0) // away from the button that closed the last one
  await tray.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  const header = await tray.locator('.red-ui-tray-header').boundingBox()
  const form = await tray.locator('.eight-form').boundingBox()
  if (!header || !form) throw new Error('The dialog has no form')
  const { x, y, width } = header
  const height = form.y + form.height + 12 - y
  return tray.page().screenshot({ clip: { x, y, width, height } })
}

/** Writes a screenshot as WebP, which takes about half of what a PNG takes. */
async function saveWebp(
  browser: Browser,
  name: string,
  scheme: Scheme,
  png: Buffer,
): Promise<void> {
  const page = await browser.newPage()
  const url = await page.evaluate(async (source) => {
    const image = new Image()
    image.src = source
    await image.decode()
    const canvas = document.createElement('canvas')
    Object.assign(canvas, { width: image.width, height: image.height })
    canvas.getContext('2d')?.drawImage(image, 0, 0)
    return canvas.toDataURL('image/webp', 0.9)
  }, toDataUrl(png))
  await page.close()
  const file = `${name}${scheme === 'dark' ? '-dark' : ''}.webp`
  await writeFile(join(IMAGES, file), Buffer.from(url.split(',')[1] ?? '', 'base64'))
}

const toDataUrl = (png: Buffer) => `data:image/png;base64,${png.toString('base64')}`

function openContext(
  browser: Browser,
  colorScheme: Scheme = 'light',
  deviceScaleFactor = 2,
): Promise<BrowserContext> {
  return browser.newContext({ deviceScaleFactor, colorScheme })
}

async function openPage(
  context: BrowserContext,
  url: string,
  viewport: { width: number; height: number },
): Promise<Page> {
  const page = await context.newPage()
  await page.setViewportSize(viewport)
  await page.goto(url)
  return page
}

async function openEditor(context: BrowserContext, url: string): Promise<Page> {
  const editor = await openPage(context, url, { width: 1280, height: 800 })
  await editor.locator('.red-ui-flow-node').first().waitFor()
  await editor.keyboard.press('Control+Space') // hides the sidebar
  return editor
}

async function shootWorkspace(editor: Page, height: number, path?: string): Promise<Buffer> {
  await editor.mouse.move(700, 700) // away from anything that reacts
  const { x, y } = (await editor.locator('#red-ui-workspace-chart').boundingBox()) ?? { x: 0, y: 0 }
  return editor.screenshot({ clip: { x, y, width: WIDTH, height }, ...(path && { path }) })
}
