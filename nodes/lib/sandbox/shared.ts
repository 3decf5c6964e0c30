import { randomUUID } from 'node:crypto'
import { Sandbox, type SandboxOptions } from './server'

/** An account that uses the sandbox. */
export interface SandboxAccount {
  /** The same over deploys. */
  accountId: string
  subAccountId: string
}

/** A share in the sandbox of this process. */
export interface SandboxLease {
  /** Listens. */
  sandbox: Sandbox
  /** The same for all leases of a sandbox, random for each sandbox. */
  apiKey: string
  /**
   * Withdraws the sub-account; the last lease closes the server. More calls do nothing more. The
   * chats stay for when the account comes back, until {@link forgetAccount}.
   */
  release(): Promise<void>
}

/** An account whose chats stay. `leased`: it uses the sandbox right now. */
interface RetainedAccount extends SandboxAccount {
  leased: boolean
}

/** The sandbox of this process: there while an account is retained, and listening while one is leased. */
interface SharedSandbox {
  sandbox: Sandbox
  apiKey: string
  /** Set while the server is there. */
  listening?: Promise<void> | undefined
  /** An account is there twice while Node-RED starts the new one before the old one has closed. */
  accounts: Set<RetainedAccount>
}

let current: SharedSandbox | undefined

/**
 * How long indicators live, for tests of a Node-RED in a process of its own: the environment
 * variable `SANDBOX_8X8_LIFETIME_MS`, ms on either channel, read for each new sandbox.
 * Not for users: without it, and with anything but a whole number above 0, the real times count.
 */
function optionsOf({ SANDBOX_8X8_LIFETIME_MS: text = '' }: NodeJS.ProcessEnv): SandboxOptions {
  if (!/^[1-9]\d{0,8}$/.test(text)) return {}
  const lifetime = Number(text)
  return { lifetimes: { whatsapp: lifetime, rcs: lifetime } }
}

/**
 * The one sandbox of this process. Its server starts with the first lease and closes with the last;
 * chats stay while any account is retained. An account that comes back with another sub-account
 * loses the chats of the old one.
 * @throws what the server's start failed with; the next call starts it anew
 */
export async function acquireSandbox(account: SandboxAccount): Promise<SandboxLease> {
  current ??= {
    sandbox: new Sandbox(optionsOf(process.env)),
    apiKey: randomUUID(),
    accounts: new Set(),
  }
  const shared = current
  const { sandbox, apiKey } = shared
  const retained = retain(shared, account)
  shared.listening ??= sandbox.listen()
  const { listening } = shared
  try {
    await listening
  } catch (error) {
    if (shared.listening === listening) shared.listening = undefined
    retained.leased = false
    throw error
  }
  const withdraw = sandbox.addSubAccount(account.subAccountId, apiKey)

  async function release(): Promise<void> {
    withdraw()
    retained.leased = false
    if ([...shared.accounts].some(({ leased }) => leased)) return
    shared.listening = undefined
    await sandbox.close()
  }

  let released: Promise<void> | undefined
  return {
    sandbox,
    apiKey,
    release: () => (released ??= release()),
  }
}

/** Ends the retention of an account that does not use the sandbox any more; its chats go. */
export function forgetAccount(accountId: string): void {
  if (current) drop(current, idle(current, accountId))
}

/** Marks an account as leased: the one that was there before a deploy, or else a new one. */
function retain(shared: SharedSandbox, account: SandboxAccount): RetainedAccount {
  const known = idle(shared, account.accountId)
  const same = known.find(({ subAccountId }) => subAccountId === account.subAccountId)
  const retained = same ?? { ...account, leased: true }
  retained.leased = true
  shared.accounts.add(retained)
  if (!same) drop(shared, known)
  return retained
}

function idle({ accounts }: SharedSandbox, id: string): RetainedAccount[] {
  return [...accounts].filter(({ accountId, leased }) => accountId === id && !leased)
}

/** Forgets the sub-accounts that no other account has, and the sandbox with the last account. */
function drop(shared: SharedSandbox, accounts: readonly RetainedAccount[]): void {
  for (const account of accounts) shared.accounts.delete(account)
  const left = [...shared.accounts].map(({ subAccountId }) => subAccountId)
  for (const { subAccountId } of accounts) {
    if (!left.includes(subAccountId)) shared.sandbox.forget(subAccountId)
  }
  if (left.length === 0 && current === shared) current = undefined
}
