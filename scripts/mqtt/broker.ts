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
   * What became of the inbound messages that it gave to a client so far: each umid, and whether
   * the client acknowledged it. Needs `verbose`.
   */
  handedTo(clientId: string): Map<string, { acknowledged: boolean; again: boolean }>
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
  await writeFile(file, `${settings.join('\n')}\nlog_type ${verbose ? 'all' : 'notice'}\n`)
  const child = spawn(MOSQUITTO, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const log: string[] = []
  const lines = new EventEmitter<{ line: [string] }>().setMaxListeners(0)
  const logs = (pattern: RegExp) =>
    new Promise<void>((resolve) => {
      lines.on('line', (line) => pattern.test(line) && resolve())
    })
  createInterface({ input: child.stderr }).on('line', (line) => {
    log.push(line)
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
  return { port, logs, handedTo: (clientId) => readHandedTo(log, clientId), stop }
}

function readHandedTo(log: string[], clientId: string): ReturnType<Broker['handedTo']> {
  const handed: ReturnType<Broker['handedTo']> = new Map()
  const umids = new Map<string, string>() // by packet id, which comes again
  const sent = new RegExp(`Sending PUBLISH to ${clientId} \\(d([01]), .*, m(\\d+), '8x8/inbound/(.*)'`)
  const acknowledged = new RegExp(`Received PUBACK from ${clientId} \\(Mid: (\\d+)`)
  for (const line of log) {
    const [, again, id = '', umid = ''] = sent.exec(line) ?? []
    if (umid) {
      umids.set(id, umid)
      handed.set(umid, { acknowledged: false, again: again === '1' })
    }
    const [, done = ''] = acknowledged.exec(line) ?? []
    const message = handed.get(umids.get(done) ?? '')
    if (message) message.acknowledged = true
    umids.delete(done)
  }
  return handed
}
