import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Browser, Page } from 'playwright-core'
import { launchChromium } from '../../scripts/chromium'
import { copyTree } from '../support/copy'

const FLOWS = [{ id: 'tab', type: 'tab', label: 'Shop', disabled: false, info: '', env: [] }]

/** `npm run dev`, on a copy of the working tree. */
describe('npm run dev', function () {
  this.timeout(120_000)
  let copy: string
  let dev: ChildProcess
  let browser: Browser
  let page: Page
  let url: string
  const lines = new EventEmitter<{ line: [string] }>()

  before(async () => {
    copy = await copyTree()
    const args = ['--import', 'tsx', join('scripts', 'dev', 'dev.ts')]
    dev = spawn(process.execPath, args, { cwd: copy, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const input of [dev.stdout, dev.stderr]) {
      if (input) createInterface({ input }).on('line', (line) => lines.emit('line', line))
    }
    ;[url = ''] = /^http:\S+/.exec(await printed(/ runs, after /)) ?? []
    const deployed = await fetch(`${url}/flows`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(FLOWS),
    })
    assert.equal(deployed.status, 204)
    browser = await launchChromium()
    page = await browser.newPage()
    await page.goto(url)
    await paletteLabel('reply').waitFor()
  })

  after(async () => {
    await browser?.close()
    if (dev?.exitCode === null) {
      dev.kill()
      await once(dev, 'exit')
    }
    if (copy) await rm(copy, { recursive: true })
  })

  /** The next line that matches. */
  function printed(pattern: RegExp): Promise<string> {
    return new Promise((resolve) => {
      lines.on('line', function listen(line) {
        if (!pattern.test(line)) return
        lines.off('line', listen)
        resolve(line)
      })
    })
  }

  const paletteLabel = (text: string) =>
    page.locator('#red-ui-palette-8x8').getByText(text, { exact: true })

  async function change(path: string, from: string, to: string): Promise<void> {
    const file = join(copy, path)
    const text = await readFile(file, 'utf8')
    assert.ok(text.includes(from), `${path} has no ${from}`)
    await writeFile(file, text.replace(from, to))
  }

  it('shows a change in the open editor, and keeps the flows', async () => {
    const since = performance.now()
    await change('nodes/reply/locales/en-US/reply.json', '"type": "reply"', '"type": "answer"')
    await paletteLabel('answer').waitFor({ timeout: 60_000 })
    console.log(`      seen after ${((performance.now() - since) / 1000).toFixed(1)} s`)
    assert.deepEqual(await (await fetch(`${url}/flows`)).json(), FLOWS)
  })

  it('names a type error, goes on with what it has, and builds again when it is mended', async () => {
    const [right, wrong] = ["'8x8-reply', Reply", '8, Reply']
    const named = printed(/reply\.ts.*TS2345/)
    const waits = printed(/^Next try after a change$/)
    await change('nodes/reply/reply.ts', right, wrong)
    await Promise.all([named, waits])
    assert.equal((await fetch(url)).status, 200)
    const runs = printed(/ runs, after /)
    await change('nodes/reply/reply.ts', wrong, right)
    await runs
  })

  it('shows what Node-RED logs, such as the error of a node that does not load', async () => {
    const logged = printed(/This node does not load/)
    const runs = printed(/ runs, after /)
    await change(
      'nodes/reply/reply.ts',
      'import ',
      "throw new Error('This node does not load')\nimport ",
    )
    await Promise.all([logged, runs])
  })

  it('ends with Node-RED when it is interrupted', async () => {
    dev.kill('SIGINT')
    const [code] = await once(dev, 'exit')
    assert.equal(code, 0)
    await assert.rejects(fetch(url))
  })
})
