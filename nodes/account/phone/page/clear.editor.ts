/** Clears the chat, after a question. The browser keeps the focus in the dialog, and Escape closes it. */
import { currentCustomer, post } from './connection.editor'
import { isConnected, markAsWriting } from './controls.editor'
import { byId, setText } from './dom.editor'

/** Prepares the button and its dialog. */
export function prepareClear(): void {
  const [open, dialog] = [byId('clear'), byId<HTMLDialogElement>('clear-dialog')]
  const [confirm, problem] = [byId('clear-confirm'), byId('clear-problem')]
  markAsWriting(open)
  markAsWriting(confirm)
  open.addEventListener('click', () => {
    if (!isConnected()) return
    setText(problem, '')
    setText(byId('clear-title'), `Clear the chat of ${byId('who').textContent}?`)
    dialog.showModal()
  })
  byId('clear-cancel').addEventListener('click', () => dialog.close())
  confirm.addEventListener('click', async () => {
    if (!isConnected()) return
    const failed = await post('clear', { customer: currentCustomer() })
    setText(problem, failed && `Not cleared: ${failed}`)
    if (!failed) dialog.close()
  })
}
