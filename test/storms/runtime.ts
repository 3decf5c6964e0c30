import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Deployable, FlowNode } from '../../scripts/example'
import {
  findPort,
  linkPackage,
  makeUserDir,
  type NodeRed,
  removeUserDir,
  startNodeRed,
  writeFlows,
} from '../../scripts/node-red'
import { CANARY } from '../support/events'
import type { Figures, Resources } from './figures'

/** A flow: a source with a sending node at output 1 and one that keeps typing at output 2. */
function flowsOf(account: object, start: object): FlowNode[] {
  const node = (id: string, type: string, wires: string[][], more = {}) => {
    return { id, type, z: 'tab', x: 0, y: 0, wires, ...more }
  }
  const outputs = [['sink'], ['sink']]
  return [
    { id: 'tab', type: 'tab', label: 'storm' },
    { id: 'account', type: '8x8-account', subAccountId: 'my_sub', region: 'custom', ...account },
    node('source', 'storm-source', [['send'], ['start']]),
    node('send', '8x8-typing-indicator', outputs, { account: 'account', action: 'send' }),
    node('start', '8x8-typing-indicator', outputs, {
      account: 'account',
      action: 'start',
      ...start,
    }),
    // A junction without wires would not count as wired.
    node('sink', 'debug', [], { active: false }),
  ]
}

/** A real Node-RED in a process of its own, whose `stop` removes its user directory. */
export interface DrivenNodeRed {
  nodeRed: NodeRed
  stop(): Promise<void>
}

/** Starts a Node-RED with our nodes and a driver for them. @param driver a file of this folder */
export async function startWithDriver(
  driver: string,
  deployable: Deployable,
): Promise<DrivenNodeRed> {
  const userDir = await makeUserDir()
  await build({
    entryPoints: [join(__dirname, driver)],
    outfile: join(userDir, 'nodes', 'storm.js'),
    bundle: true,
    platform: 'node',
    logLevel: 'error',
  })
  // Node-RED loads no node without an HTML file.
  await writeFile(join(userDir, 'nodes', 'storm.html'), '')
  await linkPackage(userDir)
  await writeFlows(userDir, deployable)
  const nodeRed = await startNodeRed(userDir, await findPort(21_980))
  return {
    nodeRed,
    async stop() {
      await nodeRed.stop()
      await removeUserDir(userDir)
    },
  }
}

/** A Node-RED under load: a sending node and one that keeps typing, and a driver for them. */
export class Runtime {
  private constructor(
    readonly driven: DrivenNodeRed,
    readonly flows: FlowNode[],
  ) {}

  /** @param account where it sends to; @param start properties of the node that keeps typing */
  static async start(account: object, start: object = {}): Promise<Runtime> {
    const flows = flowsOf(account, start)
    const credentials = { account: { apiKey: CANARY } }
    return new Runtime(await startWithDriver('driver.ts', { flows, credentials }), flows)
  }

  stop(): Promise<void> {
    return this.driven.stop()
  }

  /** Deploys all flows; resolves when they run again. */
  async deploy(): Promise<void> {
    const started = this.driven.nodeRed.deployed()
    const headers = { 'content-type': 'application/json', 'node-red-deployment-type': 'full' }
    await this.#fetch('/flows', { method: 'POST', headers, body: JSON.stringify(this.flows) })
    await started
  }

  /** Sends one message more. @param output 1 sends once, 2 keeps typing; @returns the message */
  async send(output: 1 | 2, properties: object = {}): Promise<{ seq: number; umid: string }> {
    const more = encodeURIComponent(JSON.stringify(properties))
    const path = `/storm/send/${output}?with=${more}`
    return (await this.#fetch(path, { method: 'POST' })).json()
  }

  /** Sends messages/s to each node from now on. */
  async rate(rate: number): Promise<void> {
    await this.#fetch(`/storm/rate/${rate}`, { method: 'POST' })
  }

  /**
   * Sends messages once, so many at a time.
   * @returns ms that it took, and of the event loop's delay meanwhile, p99
   */
  async load(count: number, outstanding: number): Promise<{ p99: number; ms: number }> {
    return (await this.#fetch(`/storm/load/${count}/${outstanding}`, { method: 'POST' })).json()
  }

  async figures(): Promise<Figures> {
    return (await this.#fetch('/storm/figures')).json()
  }

  /** What the process holds, in any case with the connection of this question. */
  async resources(): Promise<Resources> {
    return (await this.#fetch('/storm/resources')).json()
  }

  async #fetch(path: string, options: RequestInit = {}) {
    const headers = { ...options.headers, connection: 'close' }
    const response = await fetch(this.driven.nodeRed.url + path, { ...options, headers })
    assert.ok(response.ok, `${path}: ${response.status}`)
    return response
  }
}
