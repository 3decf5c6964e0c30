import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findPort } from '../node-red'

/** Where Debian puts it, which is not on every PATH. */
const MOSQUITTO = '/usr/sbin/mosquitto'

/** A real Mosquitto in a process of its own, on loopback, with everything in memory. */
export interface Broker {
  port: number
  /** Resolves when it logs a line, from now on, that matches. */
  logs(pattern: RegExp): Promise<void>
  /**
   * The inbound messages that it delivered to a client so far, by umid; a new object for each
   * delivery of the same one. Needs `verbose`.
   */
  deliveredTo(clientId: string): ReadonlyMap<string, DeliveredMessage>
  /** Packets, stops among them, that a client did not acknowledge so far. Needs `verbose`. */
  inFlight(clientId: string): number
  /** The umids of messages that it received without a stop for them. Needs `verbose`. */
  unstopped(): string[]
  /** Ends the process; resolves when it is gone. */
  stop(): Promise<void>
}

/**
 * Starts Mosquitto.
 * @param dir for its configuration
 * @param verbose whether it logs every packet, which costs it some speed
 * @throws {Error} with its log, when it does not start
 */
export async function startBroker(dir: string, { verbose = false } = {}): Promise<Broker> {
  const port = await findPort(21_830)
  const file = join(dir, 'mosquitto.conf')
  // By default it drops what is beyond 1000 waiting messages of a client.
  const settings = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'max_queued_messages 0']
  const logTypes = verbose ? ['all'] : ['error', 'notice', 'information']
  settings.push(...logTypes.map((type) => `log_type ${type}`))
  await writeFile(file, `${settings.join('\n')}\n`)
  const child = spawn(MOSQUITTO, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const log: string[] = []
  const lines = new EventEmitter<{ line: [string] }>()
  const logs = (pattern: RegExp) =>
    new Promise<void>((resolve) => {
      const look = (line: string) => {
        if (!pattern.test(line)) return
        lines.off('line', look)
        resolve()
      }
      lines.on('line', look)
    })
  const packets = new PacketLog()
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (!packets.read(line)) log.push(line)
    lines.emit('line', line)
  })
  const exited = once(child, 'exit')
  const started = await Promise.race([
    logs(/mosquitto version .* running/).then(() => true),
    exited.then(() => false),
  ])
  if (!started) throw new Error(`Mosquitto did not start:\n${log.join('\n')}`)
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
  }
  return {
    port,
    logs,
    deliveredTo: (clientId) => packets.to(clientId),
    inFlight: (clientId) => packets.inFlight(clientId),
    unstopped: () => packets.unstopped(),
    stop,
  }
}

/** An inbound message that the broker delivered to a client. */
export interface DeliveredMessage {
  acknowledged: boolean
}

const SENT = /Sending PUBLISH to (\S+) \(.*, m(\d+), '(?:8x8\/inbound\/)?([^']*)'/
const RECEIVED = /Received PUBLISH from .*'8x8\/(inbound|stop)\/([^']*)'/
const ACKNOWLEDGED = /Received PUBACK from (\S+) \(Mid: (\d+)/

/** What the log of every packet says of deliveries. */
class PacketLog {
  readonly #messages = new Map<string, Map<string, DeliveredMessage>>()
  /** By client and packet id, which comes again. */
  readonly #open = new Map<string, DeliveredMessage>()

  readonly #inbound = new Set<string>()
  /** A stop also counts for a message that is delivered again after it. */
  readonly #stopped = new Set<string>()

  /** @returns whether the line is about a packet */
  read(line: string): boolean {
    const [, kind, umid = ''] = RECEIVED.exec(line) ?? []
    if (kind === 'inbound') this.#inbound.add(umid)
    if (kind === 'stop') this.#stopped.add(umid)
    const sent = SENT.exec(line)
    if (sent) {
      const [, client = '', packet, umid = ''] = sent
      const message = { acknowledged: false }
      this.#open.set(`${client} ${packet}`, message)
      if (!line.includes("'8x8/stop/")) this.to(client).set(umid, message)
    }
    const acknowledged = ACKNOWLEDGED.exec(line)
    if (acknowledged) {
      const [, client, packet] = acknowledged
      const message = this.#open.get(`${client} ${packet}`)
      if (message) message.acknowledged = true
      this.#open.delete(`${client} ${packet}`)
    }
    return Boolean(sent ?? acknowledged)
  }

  unstopped(): string[] {
    return [...this.#inbound].filter((umid) => !this.#stopped.has(umid))
  }

  inFlight(client: string): number {
    return [...this.#open.keys()].filter((key) => key.startsWith(`${client} `)).length
  }

  to(client: string): Map<string, DeliveredMessage> {
    const messages = this.#messages.get(client) ?? new Map<string, DeliveredMessage>()
    this.#messages.set(client, messages)
    return messages
  }
}
