import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { runFlows } from '../node-red'
import { conversationFlow, exampleFlow } from './conversation-flow'
import {
  API_ROOT,
  account,
  BENCH_KEY,
  CREDENTIALS,
  messageFlow,
  WEBHOOK_AUTHORIZATION,
} from './flow'

/** Node-RED with all contenders, and the process that is its client and its API server. */
export interface Bench {
  /** Of Node-RED. */
  url: string
  /** Has the other process do something, as peer.mjs says. @returns its answer */
  askPeer<Answer>(message: object): Promise<Answer>
  /** ms of CPU that Node-RED has used. */
  runtimeCpu(): Promise<number>
  /** Writes a CPU profile of the next ms. */
  profile(file: string, ms: number): Promise<void>
  stop(): Promise<void>
}

/** Starts both. @throws {Error} with the end of the log, when Node-RED does not start */
export async function startBench(): Promise<Bench> {
  const peer = fork(join(__dirname, 'peer.mjs'), [API_ROOT, BENCH_KEY, WEBHOOK_AUTHORIZATION], {
    execArgv: [],
  })
  const [{ port }] = await once(peer, 'message')
  const origin = `http://127.0.0.1:${port}`
  const example = await exampleFlow(origin)
  const flows = [
    { id: 'tab', type: 'tab', label: 'Bench' },
    account(origin),
    ...messageFlow(origin),
    ...conversationFlow(origin),
    ...example.flows,
  ]
  const settings = {
    nodesDir: join(__dirname, 'nodes'),
    logging: { console: { level: 'info' } },
  }
  try {
    const deployable = { flows, credentials: { ...CREDENTIALS, ...example.credentials } }
    const nodeRed = await runFlows(deployable, 18_800, { settings })
    const { url } = nodeRed
    return {
      url,
      async askPeer(message) {
        peer.send(message)
        const [answer] = await once(peer, 'message')
        return answer
      },
      async runtimeCpu() {
        const { cpu } = (await (await fetch(`${url}/bench/cpu`)).json()) as { cpu: number }
        return cpu
      },
      async profile(file, ms) {
        await fetch(`${url}/bench/profile?${new URLSearchParams({ file, ms: `${ms}` })}`)
      },
      async stop() {
        await nodeRed.stop()
        peer.disconnect()
      },
    }
  } catch (error) {
    peer.disconnect()
    throw error
  }
}
