import type { EventEmitter } from 'node:events'

const listeners = new Set<() => void>()

function notify(): void {
  for (const listener of listeners) listener()
}

/**
 * Calls a listener whenever all flows run: after the start, and after each deploy. The runtime has
 * one listener of ours for all of them, because Node.js takes more than ten for a leak.
 * @param events of the runtime; there is one per process
 * @returns removes the listener
 */
export function onFlowsStarted(events: EventEmitter, listener: () => void): () => void {
  if (listeners.size === 0) events.on('flows:started', notify)
  listeners.add(listener)
  return () => {
    if (listeners.delete(listener) && listeners.size === 0) events.off('flows:started', notify)
  }
}
