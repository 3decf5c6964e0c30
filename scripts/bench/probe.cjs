/**
 * Preloaded into Node-RED: says what its start took. `PROBE` names the package whose requires are
 * timed: those by it and of it, and of nested ones only the outermost, which contains the others.
 */
const Module = require('node:module')

const watched = `/node_modules/${process.env.PROBE}/`
let loading = 0
let depth = 0

/** @typedef {(...args: any[]) => unknown} Load Node's own signature has changed before. */
const internals = /** @type {{ _load: Load }} */ (/** @type {unknown} */ (Module))
const load = internals._load
internals._load = function (...args) {
  // Node-RED requires a node file by its whole path; that one requires others, also later.
  const ours = `${args[0]} ${args[1]?.filename}`.includes(watched)
  if (depth > 0 || !ours) return load.apply(this, args)
  depth++
  const begun = performance.now()
  try {
    return load.apply(this, args)
  } finally {
    depth--
    loading += performance.now() - begun
  }
}

const write = process.stdout.write
process.stdout.write = /** @type {typeof write} */ (
  /** @param {any[]} args */
  (...args) => {
    if (/Started flows/.test(`${args[0]}`)) {
      process.stdout.write = write
      const started = performance.now()
      const { user, system } = process.cpuUsage()
      // A second later, when what the start left behind is done.
      setTimeout(() => {
        const rss = process.memoryUsage.rss() / 2 ** 20
        const facts = { started, cpu: (user + system) / 1000, loading, rss }
        console.log(`PROBE ${JSON.stringify(facts)}`)
      }, 1000)
    }
    return Reflect.apply(write, process.stdout, args)
  }
)
