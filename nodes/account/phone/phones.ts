import type { EventEmitter } from 'node:events'
import type { Node, NodeAPI } from 'node-red'
import type { Server } from '../../lib/client/transport'
import type { AccountNode } from '../../lib/connection'
import { onFlowsStarted } from '../../lib/node-red/flows-started'
import { httpNodeOf } from '../../lib/node-red/http-node'
import type { Sandbox } from '../../lib/sandbox/server'
import { acquireSandbox, forgetAccount } from '../../lib/sandbox/shared'
import { Phone } from './phone'
import { routerOf } from './router'

/** An account that is connected to the sandbox, and has a phone. */
export interface PhoneAccount {
  /** Where its requests go. Rejects with what the start of the sandbox failed with. */
  server: Promise<Server>
  register: NonNullable<AccountNode['register']>
  /** The account closes. Its chats stay, unless it is not there when all flows run again. */
  close(): Promise<void>
}

/** In a subflow, each instance has a node with an id of its own; `_alias` is the one in the editor. */
type RuntimeNode = Node & { _alias?: string }

/** The phones, by page. */
const phones = new Map<string, Phone>()

/** The pages of the accounts that are running, by account. */
const running = new Map<string, string>()

/** Connects an account to the sandbox of this process, and gives it a phone. */
export function openSandboxAccount(RED: NodeAPI, node: Node, subAccountId: string): PhoneAccount {
  const { id: accountId, _alias: page = accountId } = node as RuntimeNode
  running.set(accountId, page)
  const opening = open()
  return {
    server: opening.then(({ server }) => server),
    register(user) {
      let leave: (() => void) | undefined
      let isGone = false
      opening.then(
        ({ phone }) => {
          if (!isGone) leave = phone.join({ ...user, account: node.name ?? '', subAccountId })
        },
        () => {}, // reported by the account
      )
      return () => {
        isGone = true
        leave?.()
      }
    },
    async close() {
      running.delete(accountId)
      const stop = onFlowsStarted(RED.events as EventEmitter, () => {
        stop()
        if (!running.has(accountId)) forget(page, accountId)
      })
      const { release } = await opening
      await release()
    },
  }

  async function open() {
    const { sandbox, apiKey, release } = await acquireSandbox({ accountId, subAccountId })
    const phone = keepPhone(page, sandbox)
    const httpNode = httpNodeOf(RED)
    if (httpNode) routerOf(httpNode.app, httpNode.middleware).add(page, phone)
    return { server: { origin: sandbox.url, apiKey }, phone, release }
  }
}

/** The phone of a page: the one that is kept, or else a new one. */
function keepPhone(page: string, sandbox: Sandbox): Phone {
  const phone = phones.get(page) ?? new Phone(sandbox)
  phones.set(page, phone)
  return phone
}

/** An account is gone, or has another region: so are its chats, and its phone unless shared. */
function forget(page: string, accountId: string): void {
  forgetAccount(accountId)
  if ([...running.values()].includes(page)) return
  phones.get(page)?.close()
  phones.delete(page)
}
