/**
 * Keeps messages in flight inside the runtime. One output for each contender, whose ends are all
 * wired back to the input. `GET /bench?output=0&inFlight=64&ms=1000` runs one, and answers when
 * every message is back or lost; `/bench/cpu` answers with the ms of CPU that the process used, and
 * `/bench/profile?file=…&ms=1000` writes a CPU profile of the time from now on.
 */
const { readFileSync, writeFileSync } = require('node:fs')
const { Session } = require('node:inspector')

/** ms after the end of a run for messages to come back. More than the account's deadline. */
const PATIENCE = 20_000

/** For umids: unique, and cheap to make. */
let count = 0

/** @typedef {{ run: number, begun: number, statusCode?: number, typing?: any, reply?: any }} Message */

/** @param {import('node-red').NodeAPI} RED */
module.exports = (RED) => {
  /** @this {import('node-red').Node} @param {import('node-red').NodeDef} config */
  function Driver(config) {
    RED.nodes.createNode(this, config)
    let run = 0
    let [returned, errors, out, strays] = [0, 0, 0, 0]
    let end = 0
    /** @type {number[]} */
    let latencies = []
    let launch = () => {}
    let finish = () => {}

    this.on('input', (message, _send, done) => {
      done()
      const msg = /** @type {Message} */ (/** @type {unknown} */ (message))
      if (msg.run !== run) {
        strays++
        return
      }
      out--
      if (isGood(msg)) returned++
      else errors++
      const now = performance.now()
      latencies.push(now - msg.begun)
      if (now < end) launch()
      else if (out === 0) finish()
    })

    RED.httpNode.get('/bench', async (req, res) => {
      const { output, inFlight, ms, customers } = /** @type {Record<string, string>} */ (req.query)
      run++
      ;[returned, errors, out, strays] = [0, 0, 0, 0]
      latencies = []
      launch = () => {
        out++
        const umid = `00000000-0000-4000-8000-${(count++).toString(16).padStart(12, '0')}`
        const begun = performance.now()
        const msg = { run, begun, umid, channel: 'whatsapp', payload: 'Hello' }
        const customer = customers && { user: { msisdn: `+65${10_000_000 + count}` } }
        this.send(at(Number(output), { ...msg, ...customer }))
      }
      const before = process.cpuUsage()
      const begun = performance.now()
      end = begun + Number(ms)
      for (let i = 0; i < Number(inFlight); i++) launch()
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, Number(ms) + PATIENCE, undefined)
        finish = () => {
          clearTimeout(timer)
          resolve(undefined)
        }
      })
      const took = performance.now() - begun
      const { user, system } = process.cpuUsage(before)
      const sorted = latencies.sort((one, other) => one - other)
      const perSecond = (returned / took) * 1000
      const p50 = sorted[sorted.length >> 1]
      const cpu = (user + system) / 1000 / took
      res.json({ perSecond, p50, returned, errors, lost: out, strays, took, cpu })
    })
    RED.httpNode.get('/bench/cpu', (_req, res) => {
      const { user, system } = process.cpuUsage()
      res.json({ cpu: (user + system) / 1000 })
    })
    RED.httpNode.get('/bench/profile', (req, res) => {
      const { file, ms } = /** @type {Record<string, string>} */ (req.query)
      const stop = startProfile(`${file}`)
      setTimeout(() => stop().then(() => res.end()), Number(ms))
    })
    RED.httpNode.get('/bench/versions', (_req, res) => {
      const manifest = readFileSync(require.resolve('undici/package.json'), 'utf8')
      const undici = JSON.parse(manifest).version
      res.json({
        node: process.version,
        nodeRed: String(RED.version()).replace('-git', ''),
        undici,
      })
    })
  }
  RED.nodes.registerType('bench-driver', Driver)
}

/** @param {number} output @param {object} msg */
function at(output, msg) {
  const outputs = Array(output).fill(null)
  outputs.push(msg)
  return outputs
}

/** Whether 8x8 accepted what the message asked for; where it was stopped or answered, one indicator. */
function isGood(/** @type {Message} */ { statusCode, typing, reply }) {
  if (reply) return reply.statusCode === 200 && reply.typing.indicators === 1
  if (typing) return typing.statusCode === 200 || typing.indicators === 1
  return statusCode === 200
}

/** @param {string} file @returns a function that ends the profile and writes it */
function startProfile(file) {
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.setSamplingInterval', { interval: 200 })
  session.post('Profiler.start')
  return () =>
    new Promise((resolve) => {
      session.post('Profiler.stop', (_error, { profile }) => {
        session.disconnect()
        writeFileSync(file, JSON.stringify(profile))
        resolve(undefined)
      })
    })
}
