import type { BrowserContext, Locator, Page } from 'playwright-core'
import { PACKAGE } from '../../scripts/node-red'

/** A node as the editor has it. */
export interface EditorNode extends Record<string, unknown> {
  id: string
  type: string
  valid?: boolean
  validationErrors?: string[]
}

/** What these tests use of the editor, from inside it. */
interface Globals {
  RED: {
    nodes: {
      node(id: string): EditorNode
      dirty(dirty?: boolean): boolean
      eachNode(visit: (node: EditorNode) => unknown): void
      eachConfig(visit: (node: EditorNode) => unknown): void
      createCompleteNodeSet(options: object): object[]
    }
    sidebar: { help: { show(type: string): void } }
    editor: {
      edit(node: EditorNode): void
      editConfig(name: string, type: string, id: string): void
      validateNode(node: EditorNode): void
    }
  }
}

/** The editor of a Node-RED in a page, as far as these tests use it. */
export class Editor {
  readonly page: Page
  readonly #url: string

  private constructor(page: Page, url: string) {
    this.page = page
    this.#url = url
  }

  /** Opens it, in a language if one is given. */
  static async open(context: BrowserContext, url: string, language = 'en-US'): Promise<Editor> {
    const page = await context.newPage()
    await page.addInitScript(
      (chosen) => globalThis.localStorage?.setItem('editor-language', chosen),
      language,
    )
    const editor = new Editor(page, url)
    await editor.load()
    return editor
  }

  /** Loads the flows that are deployed. */
  async load(): Promise<void> {
    await this.page.goto(this.#url)
    await this.page.locator('#red-ui-header-button-deploy').waitFor()
    await this.page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' })
  }

  /** Deploys all, whatever the editor asks; resolves when it is done. */
  async deploy(): Promise<void> {
    await this.page.locator('#red-ui-header-button-deploy').click()
    const confirm = this.page.getByRole('button', { name: 'Confirm deploy' })
    const deployed = this.page.waitForFunction(
      () => !(globalThis as unknown as Globals).RED.nodes.dirty(),
    )
    await Promise.race([confirm.click(), deployed])
    await deployed
  }

  /** Changes properties of a node, as its dialog does. */
  async change(id: string, properties: object): Promise<void> {
    await this.page.evaluate(
      ([node, changes]) => {
        const { RED } = globalThis as unknown as Globals
        Object.assign(RED.nodes.node(node), changes, { changed: true, dirty: true })
        RED.nodes.dirty(true)
      },
      [id, properties] as const,
    )
  }

  /**
   * By the menu, as a user does.
   * @param isAsked whether the editor asks, because a config node of the example is there already
   */
  async importExample(name: string, isAsked = false): Promise<void> {
    const { page } = this
    await page.locator('#red-ui-header-button-sidemenu').click()
    await page.locator('#menu-item-import').click()
    const dialog = page.locator('#red-ui-clipboard-dialog')
    await dialog
      .locator('#red-ui-clipboard-dialog-tab-examples, a:has-text("Examples")')
      .first()
      .click()
    for (const entry of [PACKAGE, name]) await dialog.getByText(entry, { exact: true }).click()
    await page.locator('#red-ui-clipboard-dialog-ok').click()
    if (isAsked) await page.getByRole('button', { name: 'Import copy' }).click()
    await page.getByText('Imported:').last().waitFor() // on a tab of its own, which does not come to the front
  }

  /** Every node, config nodes too, of a type or of all types. */
  nodes(type?: string): Promise<EditorNode[]> {
    return this.page.evaluate((wanted) => {
      const { RED } = globalThis as unknown as Globals
      // No function with a name: tsx gives each a helper that the page does not have.
      const found: EditorNode[] = []
      RED.nodes.eachNode((node) => found.push(node))
      RED.nodes.eachConfig((node) => found.push(node))
      return found
        .filter(({ type: each }) => !wanted || each === wanted)
        .map((node) => {
          RED.editor.validateNode(node)
          const { id, type: of, name, valid = true, validationErrors = [] } = node
          return { id, type: of, name, valid, validationErrors }
        })
    }, type)
  }

  /** The properties of a node that are plain data, and its credentials, as the editor has them. */
  stored(id: string): Promise<Record<string, unknown>> {
    return this.page.evaluate((node) => {
      const { RED } = globalThis as unknown as Globals
      const plain = Object.entries(RED.nodes.node(node)).filter(
        ([key, value]) => key === 'credentials' || typeof value !== 'object',
      )
      return Object.fromEntries(plain.filter(([, value]) => typeof value !== 'function'))
    }, id)
  }

  /** Opens the dialog of a node; resolves when it stands still. */
  async edit(id: string): Promise<Locator> {
    await this.page.evaluate((node) => {
      const { RED } = globalThis as unknown as Globals
      RED.editor.edit(RED.nodes.node(node))
    }, id)
    return this.tray()
  }

  /** The same of a config node. */
  async editConfig(type: string, id: string): Promise<Locator> {
    await this.page.evaluate(
      ([of = '', node = '']) => {
        const { RED } = globalThis as unknown as Globals
        RED.editor.editConfig('', of, node)
      },
      [type, id],
    )
    return this.tray()
  }

  /** The dialog on top, when it stands still. */
  async tray(): Promise<Locator> {
    const tray = this.page.locator('.red-ui-tray').last()
    await tray.locator('.form-row').first().waitFor()
    const handle = await tray.elementHandle()
    await handle?.waitForElementState('stable')
    return tray
  }

  /** Closes the dialog on top by a button of it; resolves when it is gone. */
  async close(
    button:
      | 'node-dialog-ok'
      | 'node-dialog-cancel'
      | 'node-config-dialog-ok'
      | 'node-config-dialog-cancel',
  ) {
    const own = this.page.locator(`#${button}`)
    await own.click()
    await own.waitFor({ state: 'detached' })
  }

  /** Opens the help of a type; resolves when it shows a text. */
  async showHelp(type: string, text: string): Promise<void> {
    await this.page.evaluate((of) => {
      const { RED } = globalThis as unknown as Globals
      RED.sidebar.help.show(of)
    }, type)
    await this.page.locator('.red-ui-help').filter({ hasText: text }).first().waitFor()
  }

  /** What Export puts onto the clipboard: all flows as JSON. */
  exported(): Promise<string> {
    return this.page.evaluate(() => {
      const { RED } = globalThis as unknown as Globals
      return JSON.stringify(RED.nodes.createCompleteNodeSet({ credentials: false }))
    })
  }
}

/** Opens the sections of a dialog that are closed, by the keyboard. */
export async function openSections(tray: Locator): Promise<void> {
  for (const section of await tray.locator('details:visible').all()) {
    if ((await section.getAttribute('open')) === null)
      await section.locator('summary').press('Enter')
  }
}
