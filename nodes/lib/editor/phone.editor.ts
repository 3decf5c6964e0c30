import { isReference, PHONES_PATH } from '../rules'
import type { StoredNode } from './dialog.editor'
import { httpNodeUrl } from './http-node-url'

/** Whether an account has a phone; a reference to an environment variable may mean the sandbox. */
export function hasPhone(region: unknown): boolean {
  return region === 'sandbox' || (typeof region === 'string' && isReference(region))
}

/** The URL of a path below the HTTP node root; undefined where there are no HTTP nodes. */
export function urlBelowNodeRoot(path: string): string | undefined {
  return httpNodeUrl(location.href, RED.settings['8x8AccountRoots'] ?? {}, path)
}

/**
 * Opens the phone page of an account in a new tab, or says why not.
 * @param account one in a subflow's template opens the phone of all its instances
 * @param isDeployed as the editor shows it, so that the page shows nothing else
 */
export function openPhone(account: Pick<StoredNode, 'id' | '_'>, isDeployed: boolean): void {
  const url = urlBelowNodeRoot(`${PHONES_PATH}/${encodeURIComponent(account.id)}/`)
  if (url && isDeployed) window.open(url, '_blank', 'noopener')
  else RED.notify(account._(url ? 'phone.deployFirst' : 'phone.noRoot'), 'warning')
}
