import { type HttpApp, middlewareOf } from '../../lib/http/app'
import { acquireSandbox } from '../../lib/sandbox/shared'
import type { SandboxNodeOptions } from '../options'
import { Phone } from './phone'
import { routerOf } from './router'
import { readPhoneSettings } from './settings'

/** What a phone needs of its node. */
export interface PhoneOptions {
  nodeId: string
  /** As stored, with environment references resolved. */
  config: Partial<SandboxNodeOptions>
  /** The Authorization header of webhooks. */
  authorization: string | undefined
  /** The app that serves its page; undefined: none. */
  app: HttpApp | undefined
  /** `httpNodeMiddleware` of the settings. */
  middleware: unknown
}

/** A phone in use, and how to close it. */
export interface OpenPhone {
  phone: Phone
  close(): Promise<void>
}

/**
 * Opens the phone of a node, in the sandbox of this process, and serves its page.
 * @throws {MessagingError} `not-configured`, with the field at fault
 * @throws what the start of the sandbox failed with
 */
export async function openPhone(options: PhoneOptions): Promise<OpenPhone> {
  const { nodeId, config, authorization, app, middleware } = options
  const settings = readPhoneSettings(nodeId, config, authorization)
  const { sandbox, release } = await acquireSandbox(settings.subAccountId)
  const phone = new Phone(sandbox, settings)
  if (app) routerOf(app, middlewareOf(middleware)).add(nodeId, phone)
  return {
    phone,
    close() {
      phone.close()
      return release()
    },
  }
}
