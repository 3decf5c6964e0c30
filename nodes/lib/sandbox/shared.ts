import { randomUUID } from 'node:crypto'
import { Sandbox, type SandboxOptions } from './server'

/** A share in the sandbox of this process. */
export interface SandboxLease {
  sandbox: Sandbox
  /** The same for all leases of a sandbox, random for each sandbox. */
  apiKey: string
  /** Withdraws the sub-account; the last one closes the sandbox. More calls do nothing more. */
  release(): Promise<void>
}

/** The sandbox in use. Whoever drops its last user clears this first, so it is never closing. */
let current: { starting: Promise<Sandbox>; apiKey: string; users: number } | undefined

/**
 * How long indicators live, for tests of a Node-RED in a process of its own: the environment
 * variable `SANDBOX_8X8_LIFETIME_MS`, ms on either channel, read at each start of a sandbox.
 * Not for users: without it, and with anything but a whole number above 0, the real times count.
 */
function optionsOf({ SANDBOX_8X8_LIFETIME_MS: text = '' }: NodeJS.ProcessEnv): SandboxOptions {
  if (!/^[1-9]\d{0,8}$/.test(text)) return {}
  const lifetime = Number(text)
  return { lifetimes: { whatsapp: lifetime, rcs: lifetime } }
}

/**
 * The one sandbox of this process: started by the first user, closed by the last.
 * @param subAccountId added for the life of the lease; blank: none is added
 * @throws what the start failed with; the next call starts anew
 */
export async function acquireSandbox(subAccountId?: string): Promise<SandboxLease> {
  current ??= { starting: Sandbox.start(optionsOf(process.env)), apiKey: randomUUID(), users: 0 }
  const shared = current
  shared.users++
  const sandbox = await shared.starting.catch((error: unknown) => {
    if (current === shared) current = undefined
    throw error
  })
  const withdraw = subAccountId ? sandbox.addSubAccount(subAccountId, shared.apiKey) : undefined
  let released: Promise<void> | undefined

  async function release(): Promise<void> {
    withdraw?.()
    shared.users--
    if (shared.users > 0) return
    current = undefined
    await sandbox.close()
  }

  return {
    sandbox,
    apiKey: shared.apiKey,
    release: () => {
      released ??= release()
      return released
    },
  }
}
