/** What a node can do with a message. */
export const ACTIONS = ['send', 'start', 'stop'] as const

/** One of {@link ACTIONS}. */
export type Action = (typeof ACTIONS)[number]
