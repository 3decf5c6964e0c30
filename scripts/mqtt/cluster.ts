import { Agent, request } from 'undici'
import { type Deployable, loadExample, WEBHOOK_AUTHORIZATION } from '../example'
import {
  findPort,
  linkPackage,
  makeUserDir,
  type NodeRed,
  removeUserDir,
  startNodeRed,
  writeFlows,
} from '../node-red'
import { type Broker, startBroker } from './broker'
import { type Recorder, startRecorder, webhookOf } from './recorder'

const SUB_ACCOUNT = 'cluster_sub'
const EXAMPLE = '6 Scale out over MQTT'

/** How example 6 is changed for a cluster. */
export interface ClusterOptions {
  /** ms of "slow work". */
  work: number
  /** s for which the broker keeps the session of an instance that is away; default: it does not. */
  sessionExpiry?: number
  /** Whether the broker logs every packet. */
  verbose?: boolean
}

/** Some Node-REDs with example 6, a broker between them, and the API behind them. */
export interface Cluster {
  recorder: Recorder
  broker: Broker
  /** By name: `instance-1` and so on, which is their client id and their API key, too. */
  instances: Map<string, NodeRed>
  /** Starts an instance again that was stopped, as it was. */
  restart(name: string): Promise<void>
  /** Ends and removes everything. */
  close(): Promise<void>
}

/** Starts a cluster on loopback. */
export async function startCluster(size: number, options: ClusterOptions): Promise<Cluster> {
  const cleanups: (() => Promise<void>)[] = []
  const close = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  }
  try {
    const recorder = await startRecorder()
    cleanups.push(recorder.close)
    const brokerDir = await makeUserDir()
    cleanups.push(() => removeUserDir(brokerDir))
    const broker = await startBroker(brokerDir, options)
    cleanups.push(broker.stop)
    const instances = new Map<string, NodeRed>()
    cleanups.push(async () => {
      for (const each of instances.values()) each.signal('SIGCONT') // a test may have halted it
      await Promise.all([...instances.values()].map((each) => each.stop()))
    })
    const places = new Map<string, { userDir: string; port: number }>()
    const restart = async (name: string) => {
      const { userDir, port } = places.get(name) as { userDir: string; port: number }
      const connected = broker.logs(new RegExp(`as ${name} `))
      instances.set(name, await startNodeRed(userDir, port, { env: { INSTANCE: name } }))
      await connected
    }
    let port = 21_840
    for (let i = 1; i <= size; i++) {
      const name = `instance-${i}`
      const userDir = await makeUserDir()
      cleanups.unshift(() => removeUserDir(userDir))
      await linkPackage(userDir)
      await writeFlows(userDir, await flowOf(name, recorder.url, broker.port, options))
      port = await findPort(port + 1)
      places.set(name, { userDir, port })
    }
    // Each start must have succeeded or failed before `close` can end those that are.
    const starts = await Promise.allSettled([...places.keys()].map(restart))
    for (const start of starts) if (start.status === 'rejected') throw start.reason
    return { recorder, broker, instances, restart, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Example 6 for one instance: its own client id and key, the broker and API of the cluster. */
async function flowOf(
  name: string,
  apiUrl: string,
  brokerPort: number,
  { work, sessionExpiry = 0 }: ClusterOptions,
): Promise<Deployable> {
  const deployable = await loadExample(EXAMPLE, { url: apiUrl }, SUB_ACCOUNT, name)
  for (const node of deployable.flows) {
    if (node.type === 'mqtt-broker') {
      const session = { cleansession: sessionExpiry === 0, sessionExpiry }
      const address = { broker: '127.0.0.1', port: `${brokerPort}` }
      Object.assign(node, { ...address, clientid: '${INSTANCE}', ...session })
    }
    if (node.type === 'delay') {
      Object.assign(node, { timeout: `${work}`, timeoutUnits: 'milliseconds' })
    }
    // Short, so that dots are renewed during the work.
    if (node.action === 'start') node.renewEvery = 1
  }
  return deployable
}

const agent = new Agent({ connections: 64 })

/**
 * Posts the message of a customer, as 8x8 does: until it is answered with 200, elsewhere when
 * the first address does not answer.
 * @param urls of instances
 * @throws {Error} when five attempts failed
 */
export async function post(customer: number, urls: string[]): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const url = `${urls[(customer + attempt) % urls.length]}/8x8/scale-out`
    const answer = await request(url, {
      dispatcher: agent,
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: WEBHOOK_AUTHORIZATION },
      body: webhookOf(customer, SUB_ACCOUNT),
      headersTimeout: 5000,
    }).catch(() => undefined)
    await answer?.body.dump()
    if (answer?.statusCode === 200) return
  }
  throw new Error(`nobody took the message of customer ${customer}`)
}

/** Posts the messages of customers `from` to `to - 1`, 64 at a time. */
export async function postAll(from: number, to: number, urls: string[]): Promise<void> {
  let next = from
  const worker = async () => {
    while (next < to) await post(next++, urls)
  }
  await Promise.all(Array.from({ length: 64 }, worker))
}

/** Resolves when each of the customers has a reply. @throws {Error} with who has none, after ms */
export async function allReplied(
  { recorder }: Cluster,
  customers: Iterable<number>,
  ms: number,
): Promise<void> {
  const waiting = new Set(customers)
  const remove = ({ what, customer }: { what: string; customer: number }) => {
    if (what === 'reply') waiting.delete(customer)
  }
  recorder.requests.forEach(remove)
  if (waiting.size === 0) return
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => {
      recorder.off('request', listen)
      const some = [...waiting].slice(0, 5).join()
      reject(new Error(`${waiting.size} customers without a reply: ${some} …`))
    }, ms)
    const listen = (received: { what: string; customer: number }) => {
      remove(received)
      if (waiting.size > 0) return
      clearTimeout(late)
      recorder.off('request', listen)
      resolve()
    }
    recorder.on('request', listen)
  })
}
